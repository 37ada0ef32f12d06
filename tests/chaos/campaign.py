"""Rounds of faults: each a deployment of its own, checked message by message at its end."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from eddyline.connected import create_topics
from eddyline.settings import Settings
from stream.config import preset
from tests.chaos.checker import DECISIONS, UPDATES, Findings, compare, invariants, loaded
from tests.chaos.crew import Broken, Crew, Spares
from tests.chaos.faults import Fault
from tests.chaos.inject import SESSION, Field
from tests.chaos.load import Load
from tests.chaos.loader import Loader
from tests.chaos.reference import fold
from tests.chaos.servers import BreakableKafka, BreakableRedis
from tests.chaos.state import compare_state, follows
from tests.chaos.twin import uninterrupted
from tests.chaos.watch import Watch, read_topics

PARTITIONS = 4
SLOTS = 4
_OFTEN = 120  # records between two learnings
_STEP = 0.2  # seconds between two looks at a condition


class Done(NamedTuple):
    """A fault that was done, and how long until all that was in the topic then was committed (s; None: not waited)."""

    round: int
    fault: Fault
    came_about: bool
    seconds: float | None


class Round(NamedTuple):
    """A round that is over."""

    number: int
    workers: int
    frozen: bool
    events: int
    restarts: int
    findings: Findings
    directory: Path


class Campaign:
    """Does faults in rounds, on servers of its own.

    Parameters
    ----------
    seed
        Decides load, faults and sizes of the crews.
    directory
        For the workers' logs.
    say
        Called with a line for each thing that happens.
    rate
        Records a second while a burst lasts.
    once
        Records that the frozen model is learnt from; no partition gets as many in the load that follows.
    """

    def __init__(
        self,
        seed: int,
        directory: Path,
        say: Callable[[str], None] = lambda line: None,
        *,
        rate: float = 60.0,
        once: int = 3_000,
    ) -> None:
        self.done: list[Done] = []
        self.rounds: list[Round] = []
        self._seed, self._directory, self._say = seed, directory, say
        self._rate, self._once = rate, once
        self._chance = random.Random(f"rounds {seed}")

    def run(self, faults: Sequence[Fault], a_round: int) -> None:
        """Do all faults, so many a round."""
        with ExitStack() as stack:
            spares = Spares(2, self._directory / "spares.log")
            stack.callback(spares.close)
            spares.take().kill()  # the others start while the servers do
            redis = stack.enter_context(BreakableRedis(SLOTS))
            kafka = stack.enter_context(BreakableKafka(SLOTS))
            crews = [2, 4, 3, 1]
            for number, start in enumerate(range(0, len(faults), a_round)):
                if number % len(crews) == 0 and number:
                    self._chance.shuffle(crews)
                some = faults[start : start + a_round]
                self._round(number + 1, some, crews[number % len(crews)], number % 2 == 1, kafka, redis, spares)

    def _round(
        self,
        number: int,
        faults: Sequence[Fault],
        workers: int,
        frozen: bool,
        kafka: BreakableKafka,
        redis: BreakableRedis,
        spares: Spares,
    ) -> None:
        name = f"chaos{self._seed}-{number}"
        learning = "one frozen model" if frozen else "learning"
        self._say(f"round {number}: {workers} workers, {PARTITIONS} partitions, {learning}")
        every = self._once if frozen else _OFTEN
        settings = [_settings(name, kafka, redis, slot, frozen, every) for slot in range(SLOTS)]
        own = Settings(**{**settings[0], "kafka": {"bootstrap_servers": kafka.address}})
        create_topics(own, PARTITIONS)
        logs = self._directory / name
        logs.mkdir(parents=True)
        with ExitStack() as stack:
            crew = Crew(settings.__getitem__, logs, spares)
            stack.callback(crew.close)
            load = Load(self._seed * 1_000 + number, PARTITIONS)
            most = self._once - 100 if frozen else 10**9
            loader = stack.enter_context(closing(Loader(kafka.address, own.topics.events, load, self._rate, most)))
            watch = stack.enter_context(closing(Watch(kafka.address, own.topics.events, name, PARTITIONS)))
            field = Field(kafka, redis, crew, loader, watch)
            findings, first = Findings(), 0
            try:
                for slot in range(workers):
                    crew.start(slot)
                if frozen:
                    first = self._once + 40
                    self._adopt_one_model(field, own, kafka, first)
                loader.start()
                field.until(lambda: all(watch.ends() or [0]), "each partition has events")
                field.recover()
                for fault in faults:
                    self._fault(number, field, fault)
                self._say("  no more faults")
                loader.stop()

                def settled() -> bool:
                    with redis.client as client:
                        return follows(client, name, own.topics, PARTITIONS)

                self._leave(field, settled)
                self._check(own, kafka, redis, watch, loader, first if frozen else None, findings)
            except Broken as error:
                findings.note(f"broken: {error}")
            except (KeyError, ValueError, IndexError) as error:  # what is there cannot even be read
                findings.note(f"not readable: {error!r}")
            events = len(loader.written)
            self.rounds.append(Round(number, workers, frozen, events, len(crew.restarts), findings, logs))
            for line in crew.restarts:
                self._say(f"  {line}")
            self._say(
                f"  {findings.messages} messages of {events} events: {'wrong' if findings else 'all as expected'}"
            )
            for line in findings.wrong:
                self._say(f"  {line}")

    def _adopt_one_model(self, field: Field, own: Settings, kafka: BreakableKafka, count: int) -> None:
        """Let one model be learnt from partition 0 alone, and adopted by all before any of them has an event."""
        field.loader.first(count, only=0)
        journal = own.topics.journal

        def adopted() -> bool:
            time.sleep(_STEP)
            return all(read_topics(kafka.address, [journal]).values())

        field.recover()
        field.until(adopted, "all partitions adopt the first model")

    def _fault(self, number: int, field: Field, fault: Fault) -> None:
        began = time.monotonic()
        came_about = field.inject(fault)
        ended = time.monotonic()
        if not fault.at_once:
            field.recover()
        seconds = None if fault.at_once else time.monotonic() - ended
        self.done.append(Done(number, fault, came_about, seconds))
        waited = "the next at once" if seconds is None else f"recovered in {seconds:.1f} s"
        failed = "" if came_about else "; no worker came by in time"
        self._say(f"  {len(self.done):3}  {fault}: took {ended - began:.1f} s, {waited}{failed}")

    def _leave(self, field: Field, settled: Callable[[], bool]) -> None:
        """Let all workers leave when all is done; one comes back while they do not all do so in good order."""
        while True:
            field.recover()
            field.until(settled, "the cache of items has followed the counts")
            if field.crew.leave():
                return
            field.crew.start(0)
            field.until(lambda: field.crew.joined(0), "the worker that came back has joined")

    def _check(
        self,
        own: Settings,
        kafka: BreakableKafka,
        redis: BreakableRedis,
        watch: Watch,
        loader: Loader,
        first: int | None,
        findings: Findings,
    ) -> None:
        topics, config = own.topics, own.engine
        names = [name for field, name in topics if field != "prefix"]
        try:
            contents = read_topics(kafka.address, names)
        except TimeoutError as error:
            raise Broken(str(error)) from error
        loaded(topics, contents, loader.written, findings)
        invariants(topics, contents, findings)
        reference = fold(config, topics, contents, PARTITIONS)
        findings.wrong += reference.wrong
        compare(topics, reference.outputs, contents, findings)
        committed = watch.committed() or []
        with redis.client as client:
            compare_state(client, own.redis.prefix, config, topics, contents, reference, committed, findings)
        if first is not None:
            outputs, hashes = uninterrupted(config, topics, contents, PARTITIONS, first)
            compare(topics, outputs, contents, findings, (*UPDATES, *DECISIONS))
            if hashes != reference.hashes:
                findings.note("the state is not that of a worker that nothing has interrupted")


def _settings(
    name: str, kafka: BreakableKafka, redis: BreakableRedis, slot: int, frozen: bool, every: int
) -> dict[str, Any]:
    """Settings of the worker of a slot, which learns after `every` records.

    Timeouts are short, so that a campaign takes minutes and not hours.
    """
    return {
        "deployment": name,
        "group": name,
        "kafka": {
            "bootstrap_servers": f"127.0.0.1:{kafka.proxies[slot].port}",
            "timeout": 5_000,
            "session_timeout": int(SESSION * 1_000),
            "transaction_timeout": 10_000,
        },
        "redis": {"url": f"redis://127.0.0.1:{redis.proxies[slot].port}/0", "prefix": name},
        "topics": {"prefix": f"{name}."},
        "worker": {
            "batch": 70,
            "poll": 50,
            "tick_every": None if frozen else 300,
            "look_every": 200,
            "rebuild": 200,
            "patience": 20_000,
            "max_rejected": 0,  # a poison fault is meant
        },
        "segments": {"k": 3, "warm_up": 20, "sample": 64},
        "learning": {"every": every},
        "targets": [{**target.model_dump(mode="json"), "min_examples": 10} for target in preset("shop").targets],
    }


def temporary() -> Path:
    """A directory for logs."""
    return Path(tempfile.mkdtemp(prefix="eddyline-chaos-"))
