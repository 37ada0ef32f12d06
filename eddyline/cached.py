"""What can be asked of the cache in Redis, and what the answers mean: the contract of docs/cache.md, without a client.

Each question is a generator: it yields commands, is sent their replies, and returns the answer. So the client and its
twin for asyncio ask the same.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from eddyline.basket import Recommendation as Recommendation
from eddyline.basket import merged
from producers.partitioner import partition_of
from stream.damage import readable
from stream.errors import DeploymentError, InputError
from stream.store.claim import Claim
from stream.store.redis_keys import Keys

T = TypeVar("T")
_READ = 100  # of a list, and of an item's nearest: all that there are
Question = Generator[tuple[Any, ...], Any, T]


class SimilarItem(NamedTuple):
    """An item with its similarity, in (0, 1]."""

    item: str
    similarity: float


class PopularItem(NamedTuple):
    """An item with its weight: orders of it, fading with age; one that is made now counts 1."""

    item: str
    weight: float


@dataclass(frozen=True, slots=True)
class Recommendations:
    """What to show a customer now, best first.

    Attributes
    ----------
    customer
        Whom.
    items
        The list, without what has been hidden since; empty where there is neither a list nor a model yet.
    id
        Names the list when it is shown (`recommendation_id`); None where the customer has none of their own and the
        items are those that are popular.
    model, occurred_at
        The version that made the list, and the event time at which it did; None like `id`.
    empty_because
        Why the list was made without items.
    """

    customer: str
    items: tuple[Recommendation, ...]
    id: str | None = None
    model: int | None = None
    occurred_at: datetime | None = None
    empty_because: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        at = self.occurred_at
        return {
            "customer": self.customer,
            "id": self.id,
            "model": self.model,
            "occurred_at": None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "items": [_told(one) for one in self.items],
            "empty_because": self.empty_because,
        }


class Cache:
    """Questions to the cache of one deployment.

    Parameters
    ----------
    keys
        Names of its keys.
    where
        The server, for messages.
    """

    def __init__(self, keys: Keys, where: str) -> None:
        self._keys = keys
        self._where = where
        self._partitions = 0  # as last seen

    def recommend(self, customer: str, count: int, context: Sequence[str] = ()) -> Question[Recommendations]:
        """See `RecommendationClient.recommend`."""
        _check(count)
        if isinstance(context, str):
            raise InputError(f"context is {context!r}, and must be a list of items")
        if not context:
            return (yield from self._current(customer, count))
        found = yield from self._current(customer, _READ)
        partition = partition_of(customer.encode(), self._partitions)
        near: dict[str, list[tuple[str, float]]] = {}
        for item in context:
            near[item] = yield from self._highest(self._keys.similar(item), _READ, partition)
        popular = yield from self._highest(self._keys.popular, count + len(near), partition)
        return Recommendations(customer, merged(near, found.items if found.id is not None else (), popular, count))

    def _current(self, customer: str, count: int) -> Question[Recommendations]:
        try:
            key = customer.encode()
        except UnicodeEncodeError:
            raise InputError("the customer's id is not UTF-8") from None
        packed = None
        if before := self._partitions:
            packed = yield self._list(key)
        if packed is None:  # unknown, or the topic was given more partitions meanwhile
            self._partitions = yield from self._count()
            if self._partitions != before:
                packed = yield self._list(key)
        partition = partition_of(key, self._partitions)
        if packed is not None:
            found = _parsed(customer, packed)
            hidden = yield from self._hidden(partition, [one.item for one in found.items])
            return replace(found, items=tuple(one for one in found.items if one.item not in hidden)[:count])
        popular = yield from self._highest(self._keys.popular, count, partition)
        items = tuple(Recommendation(item, weight, "popular", None, "Popular now.") for item, weight in popular)
        return Recommendations(customer, items)

    def similar(self, item: str, count: int) -> Question[list[SimilarItem]]:
        """See `RecommendationClient.similar`."""
        found = yield from self._highest(self._keys.similar(item), count)
        return [SimilarItem(*pair) for pair in found]

    def popular(self, count: int) -> Question[list[PopularItem]]:
        """See `RecommendationClient.popular`."""
        found = yield from self._highest(self._keys.popular, count)
        return [PopularItem(*pair) for pair in found]

    def _list(self, key: bytes) -> tuple[Any, ...]:
        return "HGET", self._keys.of(partition_of(key, self._partitions), "lists"), key

    def _count(self) -> Question[int]:
        claim = yield "GET", self._keys.deployment
        if claim is None:
            raise DeploymentError(
                f"{self._where} has no key {self._keys.deployment}: run a worker, or check redis.url, redis.prefix and "
                "topics.events"
            )
        with readable(self._keys.deployment):
            return Claim.parse(claim).partitions

    def _highest(self, key: str, count: int, partition: int = 0) -> Question[list[tuple[str, float]]]:
        """The highest that are not hidden; all partitions know the same of that, from the catalogue."""
        _check(count)
        shown: list[tuple[str, float]] = []
        start = 0
        while len(shown) < count:
            found = yield "ZREVRANGE", key, start, start + count - 1, "WITHSCORES"
            pairs = [(name.decode(), float(score)) for name, score in zip(found[::2], found[1::2], strict=True)]
            hidden = yield from self._hidden(partition, [name for name, _ in pairs])
            shown += [pair for pair in pairs if pair[0] not in hidden]
            start += count
            if len(pairs) < count:
                break
        return shown[:count]

    def _hidden(self, partition: int, items: Sequence[str]) -> Question[set[str]]:
        """Those of the items that nobody is to be shown now."""
        if not items:
            return set()
        reasons = yield "HMGET", self._keys.of(partition, "hidden"), *items
        return {item for item, reason in zip(items, reasons, strict=True) if reason is not None}


def _told(one: Recommendation) -> dict[str, Any]:
    values = asdict(one)
    parts = values.pop("parts")
    return values | ({"parts": [part._asdict() for part in parts]} if parts else {})


def _check(count: int) -> None:
    if count < 1:
        raise InputError(f"count is {count}, and must be at least 1")


def _parsed(customer: str, packed: bytes) -> Recommendations:
    """A list as it was published; fields that a later release has added are passed over."""
    with readable(f"The list of customer {customer!r}"):
        values = json.loads(packed)
        return Recommendations(
            customer,
            tuple(
                Recommendation(one["item"], one["score"], one["reason"], one["because"], one["sentence"])
                for one in values["items"]
            ),
            values["id"],
            values["model"],
            datetime.fromisoformat(values["occurredAt"]),
            values.get("emptyBecause"),
        )
