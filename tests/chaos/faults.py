"""The faults of a campaign: all kinds, and a seeded choice of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from consumers.probe import COMMIT, TAKEOVER

KINDS = {
    "kill": "kill -9 of a worker at a random moment",
    "kill-in-commit": "kill -9 of a worker at a named point of a commit",
    "kill-in-takeover": "kill -9 of a worker at a named point of taking a partition over",
    "stop": "SIGSTOP of a worker for longer than the session timeout, then SIGCONT",
    "stop-in-commit": "the same at a named point of a commit: the zombie returns there",
    "stop-in-takeover": "the same at a named point of taking a partition over",
    "kafka-restart": "the broker is restarted; `killed`: with kill -9",
    "redis-restart": "Redis is restarted with its append-only file; `killed`: with kill -9",
    "redis-loss": "Redis forgets: FLUSHALL, restarted empty, or restarted with an older append-only file",
    "redis-refuses": "Redis answers writes with OOM, or with MISCONF",
    "kafka-network": "connections of a worker to Kafka are cut, refused, silent, slow, or lose the answers",
    "redis-network": "the same between a worker and Redis",
    "clock": "the clock of a worker jumps, by seconds to days, forwards or back",
    "poison": "dozens of records in a row that are no events",
    "rebalance": "a worker leaves in good order, and comes back",
}
"""Each kind's meaning by its name."""

_NETWORK = ("cut", "refused", "silent", "slow", "answers lost")
_VARIANTS: dict[str, tuple[str, ...]] = {
    "kill-in-commit": tuple(COMMIT),
    "kill-in-takeover": tuple(TAKEOVER),
    "stop-in-commit": tuple(COMMIT),
    "stop-in-takeover": tuple(TAKEOVER),
    "kafka-restart": ("", "killed"),
    "redis-restart": ("", "killed"),
    "redis-loss": ("FLUSHALL", "empty", "older"),
    "redis-refuses": ("OOM", "MISCONF"),
    "kafka-network": _NETWORK,
    "redis-network": _NETWORK,
    "clock": ("forwards", "back"),
}


class Fault(NamedTuple):
    """One fault.

    Attributes
    ----------
    kind, variant
        A name in `KINDS`, and which of its variants.
    who
        Decides the worker: its place among those that live, counted round.
    count
        At which passing of a named point.
    size
        From 0 to 1: how long, how far, how much.
    at_once
        Whether the next fault does not wait until this one is recovered from.
    """

    kind: str
    variant: str
    who: int
    count: int
    size: float
    at_once: bool

    def __str__(self) -> str:
        return f"{self.kind} ({self.variant})" if self.variant else self.kind


def draw(seed: int, count: int, only: str | None = None) -> list[Fault]:
    """Faults by a seed: all kinds as often, the variants of each as often, in random order.

    >>> draw(1, 30) == draw(1, 30), len({fault.kind for fault in draw(1, 30)}) == len(KINDS)
    (True, True)
    """
    chance = random.Random(f"faults {seed}")
    decks = {kind: _shuffled(chance, _VARIANTS.get(kind, ("",))) for kind in KINDS if only in (None, kind)}
    kinds = _shuffled(chance, tuple(decks))
    return [
        Fault(
            kind := next(kinds),
            next(decks[kind]),
            chance.randrange(1_000),
            chance.choice((1, 1, 2, 3, 7)),
            chance.random(),
            chance.random() < 0.2,
        )
        for _ in range(count)
    ]


def _shuffled(chance: random.Random, names: tuple[str, ...]) -> Iterator[str]:
    """All names in random order, again and again."""
    while True:
        yield from chance.sample(names, len(names))
