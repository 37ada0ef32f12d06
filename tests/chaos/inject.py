"""How each kind of fault is done."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.crew import Broken, Crew
from tests.chaos.faults import Fault
from tests.chaos.loader import Loader
from tests.chaos.servers import BreakableKafka, BreakableRedis
from tests.chaos.watch import Watch

_PATIENCE = 240.0  # seconds for anything: the machine may be busy
_REACH = 60.0  # seconds for a worker to pass a point

SESSION = 3.0
"""Seconds of silence after which the group gives a worker's partitions to another."""


class Field:
    """Where faults are done: servers, workers, load, and how far the group has come."""

    def __init__(self, kafka: BreakableKafka, redis: BreakableRedis, crew: Crew, loader: Loader, watch: Watch) -> None:
        self.kafka, self.redis, self.crew, self.loader, self.watch = kafka, redis, crew, loader, watch

    def inject(self, fault: Fault) -> bool:
        """Do a fault, and end it; whether it came about (a worker may not come by a point in time)."""
        slots = self.crew.slots
        return _HOW[fault.kind](self, fault, slots[fault.who % len(slots)])

    def recover(self) -> None:
        """Wait until all that is in the topic now is committed."""
        self.until(lambda: self.watch.ends() is not None, "Kafka answers")
        ends: list[int] = []
        while not ends:
            ends = self.watch.ends() or []
        self.until(lambda: self.reached(ends), f"the group comes to {ends}")

    def reached(self, ends: list[int]) -> bool:
        """Whether the group has committed all before these offsets."""
        committed = self.watch.committed()
        return committed is not None and all(offset >= end for (offset, _), end in zip(committed, ends, strict=True))

    def until(self, condition: Callable[[], bool], what: str, seconds: float = _PATIENCE) -> None:
        """Start workers again that end, until something is so.

        Raises
        ------
        Broken
            When it does not become so in time.
        """
        if not self.happens(condition, seconds):
            logs = "\n".join(f"worker {slot}: {self.crew.said(slot, 1_500)}" for slot in self.crew.slots)
            raise Broken(f"waited {seconds:g} s for this: {what}; now {self.watch.committed()}\n{logs}")

    def happens(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Like `until`; whether it became so in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.crew.tend()
            time.sleep(0.05)
        return True

    def hold(self, seconds: float) -> None:
        """Let a fault last."""
        self.happens(lambda: False, seconds)


def _kill(field: Field, fault: Fault, slot: int) -> bool:
    field.hold(fault.size / 2)
    field.crew.kill(slot)
    return True


def _kill_in_commit(field: Field, fault: Fault, slot: int) -> bool:
    return _trap(field, fault, "kill", fault.count) is not None


def _kill_in_takeover(field: Field, fault: Fault, slot: int) -> bool:
    return _trap_takeover(field, fault, "kill", slot) is not None


def _stop(field: Field, fault: Fault, slot: int) -> bool:
    field.hold(fault.size / 2)
    field.crew.signal(slot, signal.SIGSTOP)
    _wake(field, slot)
    return True


def _stop_in_commit(field: Field, fault: Fault, slot: int) -> bool:
    caught = _trap(field, fault, "stop", fault.count)
    if caught is not None:
        _wake(field, caught)
    return caught is not None


def _stop_in_takeover(field: Field, fault: Fault, slot: int) -> bool:
    caught = _trap_takeover(field, fault, "stop", slot)
    if caught is not None:
        _wake(field, caught)
    return caught is not None


def _trap(field: Field, fault: Fault, what: str, count: int) -> int | None:
    """Set a trap for all: the first that passes the point is ended or stopped there. Who; None when none came by."""
    token = field.crew.token()
    for slot in field.crew.slots:
        field.crew.tell(slot, do=what, point=fault.variant, count=count, token=str(token))
    return _sprung(field, token)


def _trap_takeover(field: Field, fault: Fault, what: str, victim: int) -> int | None:
    """The same while partitions change hands: a worker dies, and the others and the one in its place have the trap."""
    crew = field.crew
    token, order = crew.token(), {"do": what, "point": fault.variant, "count": 1}
    for slot in crew.slots:
        if slot != victim:
            crew.tell(slot, **order, token=str(token))
    if fault.variant == "published":  # an outbox must be left to publish
        left = crew.token()
        crew.tell(victim, do="kill", point="stored", count=1, token=str(left))
        field.happens(left.exists, _REACH)
    else:
        crew.kill(victim)
    if fault.variant == "reapplied":
        with field.redis.client as client:
            client.flushall()
    crew.tend()
    crew.tell(victim, **order, token=str(token))
    return _sprung(field, token)


def _sprung(field: Field, token: Path) -> int | None:
    """Wait for a trap to spring, and release the others."""
    crew = field.crew
    caught: list[int] = []

    def sprung() -> bool:
        caught[:] = [*crew.stopped(), *crew.dead()]
        return token.exists() and bool(caught)

    found = field.happens(sprung, _REACH)
    for slot in crew.slots:
        crew.tell(slot, do="release")
    return caught[0] if found else None


def _wake(field: Field, slot: int) -> None:
    """Let a stopped worker go on when the group has given its partitions to others, and they have caught up."""
    began = time.monotonic()
    ends = field.watch.ends() or []
    if len(field.crew.slots) > 1:
        field.happens(lambda: field.reached(ends), 30)
    field.hold(max(0.0, began + 1.5 * SESSION - time.monotonic()))
    if slot in field.crew.slots:
        field.crew.signal(slot, signal.SIGCONT)


def _restart(field: Field, fault: Fault, slot: int) -> bool:
    server = field.kafka if fault.kind == "kafka-restart" else field.redis
    if fault.variant == "killed":
        server.kill()
    else:
        server.stop()
    field.hold(fault.size * 2)
    server.start()
    return True


def _lose(field: Field, fault: Fault, slot: int) -> bool:
    if fault.variant == "FLUSHALL":
        with field.redis.client as client:
            client.flushall()
        return True
    size = field.redis.size()
    field.hold(0.5 + fault.size * 2)
    field.redis.kill()
    if fault.variant == "empty":
        field.redis.empty()
    else:
        field.redis.truncate(size)
    field.redis.start()
    return True


def _refuse(field: Field, fault: Fault, slot: int) -> bool:
    if fault.variant == "OOM":
        field.redis.fill()
    else:
        field.redis.misconfigure()
    field.hold(0.5 + fault.size * 2)
    field.redis.configure()
    return True


def _disturb(field: Field, fault: Fault, slot: int) -> bool:
    proxy = (field.kafka if fault.kind == "kafka-network" else field.redis).proxies[slot]
    if fault.variant == "cut":
        proxy.cut()
    elif fault.variant == "refused":
        proxy.block()
        proxy.cut()
        field.hold(1 + fault.size * 4)
        proxy.unblock()
    elif fault.variant == "silent":
        proxy.stall()
        field.hold(1 + fault.size * 6)
        proxy.flow()
    elif fault.variant == "slow":
        proxy.delay(0.02 + fault.size * 0.3)
        field.hold(2 + fault.size * 2)
        proxy.delay(0)
    else:
        proxy.mute()
        field.hold(0.2 + fault.size * 4)
        proxy.unmute()
    return True


def _jump(field: Field, fault: Fault, slot: int) -> bool:
    seconds = 10 ** (0.5 + 5 * fault.size)
    field.crew.tell(slot, do="jump", seconds=seconds if fault.variant == "forwards" else -seconds)
    return True


def _poison(field: Field, fault: Fault, slot: int) -> bool:
    field.loader.poison(20 + int(fault.size * 60))
    return True


def _rebalance(field: Field, fault: Fault, slot: int) -> bool:
    field.crew.leave(slot)
    if field.crew.slots:
        field.recover()
    field.crew.start(slot)
    return True


_HOW: dict[str, Callable[[Field, Fault, int], bool]] = {
    "kill": _kill,
    "kill-in-commit": _kill_in_commit,
    "kill-in-takeover": _kill_in_takeover,
    "stop": _stop,
    "stop-in-commit": _stop_in_commit,
    "stop-in-takeover": _stop_in_takeover,
    "kafka-restart": _restart,
    "redis-restart": _restart,
    "redis-loss": _lose,
    "redis-refuses": _refuse,
    "kafka-network": _disturb,
    "redis-network": _disturb,
    "clock": _jump,
    "poison": _poison,
    "rebalance": _rebalance,
}
