"""Recommendations for any service: a client that reads the cache in Redis, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from eddyline.cache_settings import load_cache_settings
from eddyline.cached import Cache, PopularItem, Question, Recommendations, SimilarItem, T
from stream.store.address import RedisAddress, address_of
from stream.store.connection import Server
from stream.store.redis_keys import Keys


class RecommendationClient:
    """Reads what workers keep in Redis for others: lists, similar items, popular items. See docs/cache.md.

    Safe to use from several threads. It writes nothing, and needs neither Kafka nor a worker's packages. A list that is
    found takes two round trips: what it holds, and what of it has been hidden since.

    Parameters
    ----------
    at
        A URL or an address of Redis (see `RedisAddress`). Without it, everything is as in the deployment's settings:
        a TOML file and the variables `EDDYLINE_REDIS__…` and `EDDYLINE_TOPICS__…`.
    prefix, topic
        Start of every key, and name of the events topic; default: as in the settings, or `eddyline` and `events`
        where `at` is given.
    config
        The TOML file; default: what the variable `EDDYLINE_CONFIG` names.

    Raises
    ------
    ConfigError
        When a setting cannot be understood. Nothing is connected to before the first question.

    Examples
    --------
    >>> with RecommendationClient("redis://localhost:6379/0") as client:
    ...     print(client.where)
    Redis at localhost:6379, database 0
    """

    def __init__(
        self,
        at: RedisAddress | str | None = None,
        *,
        prefix: str | None = None,
        topic: str | None = None,
        config: Path | str | None = None,
    ) -> None:
        address, keys = place(at, prefix, topic, config)
        self._server = Server(address)
        self._cache = Cache(keys, self._server.where)

    @property
    def where(self) -> str:
        """The server, for messages."""
        return self._server.where

    def recommend(self, customer: str, count: int = 10, context: Sequence[str] = ()) -> Recommendations:
        """A customer's current list; for one who has none, what is popular, and the reason says so.

        With a context it is a list of its own: what is nearest to the context's items, then the customer's list and
        popular items, merged by their places (`eddyline.basket`). It has no id.

        Parameters
        ----------
        customer
            The events' `userId`.
        count
            Items at most; a list is not longer than `recommend.count`.

        context
            Items of an open basket, or what is looked at just now; none of them is in the list.

        Raises
        ------
        Unreachable
            When Redis does not answer.
        DeploymentError
            When something is set wrongly (login, rights, TLS), or Redis has no deployment of this prefix and topic.
        Damaged
            When what is stored cannot be read.
        InputError
            When the id or the count is none.
        """
        return self._ask(self._cache.recommend(customer, count, context))

    def similar(self, item: str, count: int = 10) -> list[SimilarItem]:
        """Items that are ordered together with an item, most similar first; none when nobody knows it.

        Raises
        ------
        Unreachable, DeploymentError, InputError
            See `recommend`.
        """
        return self._ask(self._cache.similar(item, count))

    def popular(self, count: int = 10) -> list[PopularItem]:
        """Items that are ordered most, heaviest first; none before there is a model.

        Raises
        ------
        Unreachable, DeploymentError, InputError
            See `recommend`.
        """
        return self._ask(self._cache.popular(count))

    def close(self) -> None:
        """Close all connections."""
        self._server.close()

    def __enter__(self) -> RecommendationClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: Question[T]) -> T:
        reply = None
        while True:
            try:
                command = question.send(reply)
            except StopIteration as end:
                answer: T = end.value
                return answer
            with self._server.answering():
                reply = self._server.client.execute_command(*command)


def place(
    at: RedisAddress | str | None, prefix: str | None, topic: str | None, config: Path | str | None
) -> tuple[RedisAddress, Keys]:
    """Where a client reads, by what it was given and, without an address, by the settings."""
    if at is not None:
        address = address_of(at) if isinstance(at, str) else at
        return address, Keys(prefix or "eddyline", topic or "events")
    settings = load_cache_settings(config)
    return settings.redis, Keys(prefix or settings.redis.prefix, topic or settings.topics.events)
