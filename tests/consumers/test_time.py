"""How a worker lets time pass: by its own clock, from where the events are, and not far ahead unsaid."""

from __future__ import annotations

import json
import logging
from datetime import datetime

from consumers.clock import ManualClock
from stream.records import Outgoing
from tests.consumers.world import DAY, RECORDS, journal


def test_quiet_customers_leave_without_an_event(world):
    world.load(RECORDS)
    clock = ManualClock()
    worker = world.worker(clock=clock, tick_every=10_000)
    worker.drain()
    before, start = len(world.read("segment_changes")), worker.engines[0].clock
    for _ in range(60):
        clock.sleep(5 * DAY)
        worker.run_once()
    worker.close()
    changes = [json.loads(record.value) for record in world.read("segment_changes")[before:]]
    assert changes
    assert {change["cause"]["kind"] for change in changes} == {"time"}
    ticks = [entry for entry in journal(world) if entry.kind == "tick"]
    assert [entry.time for entry in ticks] == [start + 5_000 * DAY * n for n in range(1, 61)]


def test_time_moves_by_what_has_passed_here(here):
    """History that is loaded stays in its time; nothing moves before the first event, or while records wait."""
    clock = ManualClock()
    worker = here.worker(clock=clock, tick_every=10_000)
    worker.run_once()
    clock.sleep(DAY)
    worker.run_once()
    assert journal(here) == []
    here.load(RECORDS[:50])
    clock.sleep(DAY)
    worker.drain()
    assert journal(here) == []
    clock.sleep(9.9)
    worker.run_once()
    assert journal(here) == []
    start = worker.engines[0].clock
    clock.sleep(0.1)
    worker.run_once()
    assert [entry.time - start for entry in journal(here)] == [10_000]


def test_a_jump_of_the_clock_is_warned_of_once(here, caplog):
    """One event of another year makes everybody of its partition seem gone; many days in one batch do not."""
    here.load(RECORDS)
    late = json.loads(next(record.value for record in RECORDS if b'"userId"' in record.value))
    for year in ("2040", "2041"):
        late |= {"messageId": year, "timestamp": f"{year}-01-01T00:00:00Z"}
        time = int(datetime.fromisoformat(late["timestamp"]).timestamp()) * 1_000
        here.load([Outgoing("", late["userId"].encode(), json.dumps(late).encode(), timestamp=time)])
    here.run()
    (warning,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert f"offset {len(RECORDS)} " in warning
    assert "to 2040-01-01T00:00:00.000Z" in warning
