"""Recommendations for any service that uses asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from eddyline.cached import Cache, PopularItem, Question, Recommendations, SimilarItem, T
from eddyline.client import place
from stream.store.address import RedisAddress
from stream.store.async_clients import make_async_client
from stream.store.connection import Server
from stream.store.refusals import ERRORS

_AT_ONCE = 4
"""Connections, each of which is some 50 ms of work with TLS: a crowd that comes first would time out over it."""


class AsyncRecommendationClient:
    """The twin of `RecommendationClient` for asyncio: the same questions, answers and errors, to be awaited.

    It belongs to the event loop in which it is first used. Of a Sentinel that does not know the service it says that
    no master is named, which may pass: `Unreachable`.

    Parameters
    ----------
    at, prefix, topic, config
        See `RecommendationClient`.

    Examples
    --------
    >>> import asyncio
    >>> async def where() -> str:
    ...     async with AsyncRecommendationClient("redis://localhost:6379/0") as client:
    ...         return client.where
    >>> asyncio.run(where())
    'Redis at localhost:6379, database 0'
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
        self._server = Server(address)  # for its words: it is never connected
        self._client = make_async_client(address)
        self._cache = Cache(keys, self._server.where)
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def where(self) -> str:
        """The server, for messages."""
        return self._server.where

    async def recommend(self, customer: str, count: int = 10, context: Sequence[str] = ()) -> Recommendations:
        """See `RecommendationClient.recommend`."""
        return await self._ask(self._cache.recommend(customer, count, context))

    async def similar(self, item: str, count: int = 10) -> list[SimilarItem]:
        """See `RecommendationClient.similar`."""
        return await self._ask(self._cache.similar(item, count))

    async def popular(self, count: int = 10) -> list[PopularItem]:
        """See `RecommendationClient.popular`."""
        return await self._ask(self._cache.popular(count))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> AsyncRecommendationClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(self, question: Question[T]) -> T:
        reply = None
        while True:
            try:
                command = question.send(reply)
            except StopIteration as end:
                answer: T = end.value
                return answer
            try:
                async with self._turn:
                    # Before it knows the slots, a cluster's client sends what is asked at the same time to any node.
                    await self._client.initialize()
                    reply = await self._client.execute_command(*command)
            except ERRORS as error:
                raise self._server.meaning(error) from error
