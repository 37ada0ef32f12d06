from __future__ import annotations

from collections.abc import Iterable

import pytest

from producers.customer_event import customer_event
from producers.pace import send
from producers.sink import Sink
from stream.errors import InputError
from stream.records import Outgoing

RECORDS = [customer_event("ann", n, f"m-{n}", "Viewed") for n in range(1_000)]


class HandClock:
    """A clock that moves only when someone sleeps, or by hand."""

    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        assert seconds > 0
        self.now += seconds


class TimedSink(Sink):
    """Notes when each record came; a batch takes `cost(number so far)` seconds."""

    def __init__(self, clock: HandClock, cost=lambda so_far: 0.0) -> None:
        self.clock, self.cost = clock, cost
        self.came: list[tuple[float, Outgoing]] = []
        self.flushed_after = -1
        self.largest = 0

    def send(self, records: Iterable[Outgoing]) -> None:
        batch = list(records)
        self.largest = max(self.largest, len(batch))
        self.clock.now += self.cost(len(self.came))
        self.came += [(self.clock.now - 50.0, record) for record in batch]

    def flush(self) -> None:
        self.flushed_after = len(self.came)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("rate", [3.0, 100.0, 7_919.0, 1e6])
def test_no_record_is_sent_before_it_is_due_nor_much_after(rate):
    clock = HandClock()
    sink = TimedSink(clock)
    assert send(RECORDS, sink, rate=rate, clock=clock) == 1_000
    assert [record for _, record in sink.came] == RECORDS
    for number, (at, _) in enumerate(sink.came):
        assert -1e-6 <= at - number / rate <= 0.011


def test_a_stall_is_made_up_for():
    clock = HandClock()
    sink = TimedSink(clock, cost=lambda so_far: 2.0 if so_far == 100 else 0.0)
    send(RECORDS, sink, rate=100.0, clock=clock)
    waited = [at - number / 100.0 for number, (at, _) in enumerate(sink.came)]
    assert max(waited) == pytest.approx(2.0, abs=0.02)  # the stall is seen
    assert waited[-1] < 0.02  # and the schedule is kept: 1,000 records still take 10 s


def test_full_speed_goes_in_chunks_and_never_sleeps():
    clock = HandClock()
    sink = TimedSink(clock)
    seen: list[int] = []
    assert send(iter(RECORDS), sink, chunk=300, clock=clock, progress=seen.append) == 1_000
    assert clock.now == 50.0
    assert sink.largest == 300
    assert seen == [300, 600, 900, 1_000]
    assert sink.flushed_after == 1_000


def test_records_are_taken_as_they_are_sent():
    clock = HandClock()
    taken: list[int] = []

    def source():
        for number, record in enumerate(RECORDS):
            taken.append(number)
            yield record

    progress: list[bool] = []
    send(
        source(), TimedSink(clock), chunk=10, clock=clock, progress=lambda sent: progress.append(len(taken) <= sent + 1)
    )
    assert all(progress)


def test_nothing_to_send_still_flushes():
    sink = TimedSink(HandClock())
    assert send([], sink) == 0
    assert sink.flushed_after == 0


@pytest.mark.parametrize(
    "setting", [{"rate": 0}, {"rate": -1}, {"rate": float("nan")}, {"rate": float("inf")}, {"chunk": 0}]
)
def test_wrong_settings_are_refused(setting):
    with pytest.raises(InputError):
        send(RECORDS, TimedSink(HandClock()), **setting)
