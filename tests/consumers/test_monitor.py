"""What a worker shows of itself."""

from __future__ import annotations

import re

import pytest

from consumers.clock import ManualClock
from consumers.metrics import PHASES
from stream.errors import Aborted, Unreachable
from tests.consumers.world import RECORDS, World
from tests.stream import fold


def told(worker) -> dict[str, float]:
    """Samples by name and labels, as a scrape sees them."""
    lines = worker.monitor.metrics.text().decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if line.startswith("eddyline_")]
    return {name: float(value) for name, _, value in pairs}


def test_what_came_in_and_went_out_is_counted(world):
    world.load([*RECORDS, *RECORDS[:30]])
    worker = world.worker()
    worker.drain()
    found = told(worker)
    assert found["eddyline_records_total"] == len(RECORDS) + 30
    assert found['eddyline_updates_total{kind="SegmentChanged"}'] == len(world.read("segment_changes"))
    assert found['eddyline_updates_total{kind="PropensityScored"}'] == len(world.read("propensity_scores"))
    assert found['eddyline_dead_letters_total{reason="not_json"}'] == len(world.read("dead_letters"))
    assert found["eddyline_duplicates_total"] == worker.engines[0].tally.counts["duplicate"] > 0
    assert found['eddyline_model_version{partition="0"}'] == worker.engines[0].model.version > 0
    assert found['eddyline_event_time_seconds{partition="0"}'] == worker.engines[0].clock / 1000
    shares = [value for name, value in found.items() if name.startswith("eddyline_segment_share")]
    assert sum(shares) == pytest.approx(1)
    commits = found['eddyline_commit_seconds_count{phase="apply"}']
    assert commits > 1
    for phase in ("store", "send", "transaction"):
        assert found[f'eddyline_commit_seconds_count{{phase="{phase}"}}'] == commits
        assert found[f'eddyline_commit_seconds_sum{{phase="{phase}"}}'] > 0
    assert found["eddyline_rebalances_total"] == 1
    assert found["eddyline_partitions"] == found["eddyline_topic_partitions"] == 1
    worker.close()


def test_what_a_takeover_publishes_is_no_phase_of_a_cycle(here):
    here.load(RECORDS)
    here.killed("stored", 2)
    worker = here.worker()
    worker.drain()
    found = told(worker)
    counts = [found[f'eddyline_commit_seconds_count{{phase="{phase}"}}'] for phase in PHASES]
    assert min(counts) == max(counts) > 0
    assert found["eddyline_takeover_seconds_count"] == 1
    worker.close()


def test_lag_is_what_is_in_the_log_and_not_applied(world):
    clock = ManualClock()
    clock.sleep(fold.START / 1000 + 1e9)
    world.load(RECORDS)
    worker = world.worker(clock=clock, batch=50)
    while not worker.run_once():
        pass
    found = told(worker)
    applied = worker.engines[0].watermark
    assert found['eddyline_lag_records{partition="0"}'] == len(RECORDS) - applied > 0
    newest = RECORDS[applied - 1].timestamp
    assert found['eddyline_lag_seconds{partition="0"}'] == pytest.approx(clock.unix() - newest / 1000)
    worker.drain()
    found = told(worker)
    assert found['eddyline_lag_records{partition="0"}'] == 0
    assert found['eddyline_lag_seconds{partition="0"}'] == 0
    assert found["eddyline_waiting_records"] == 0
    worker.close()


def test_a_worker_is_ready_when_its_partitions_are_taken_over(here):
    worker = here.worker()
    assert "not joined" in worker.monitor.condition.troubles[0]
    here.load(RECORDS)
    worker.drain()
    assert worker.monitor.condition == ((), (0,))
    worker.close()


def test_a_server_that_does_not_answer_makes_it_unready_until_it_answers(here, monkeypatch):
    here.load(RECORDS)
    worker = here.worker()
    worker.drain()

    def silent(*arguments: object) -> None:
        raise Unreachable("Redis at cache:6379 does not answer")

    here.load(RECORDS[:1])
    with monkeypatch.context() as broken:
        broken.setattr(here.store, "commit", silent)
        while not worker.monitor.condition.troubles:
            worker.run_once()
    assert "cache:6379 does not answer" in worker.monitor.condition.troubles[0]
    assert told(worker)['eddyline_starts_over_total{cause="Unreachable"}'] == 1
    worker.drain()
    assert worker.monitor.condition == ((), (0,))
    worker.close()


def test_starts_over_are_counted_by_cause(here):
    here.load(RECORDS)
    failures = [Aborted("a rebalance")]

    def probe(point: str) -> None:
        if point == "applied" and failures:
            raise failures.pop()

    worker = here.worker(probe)
    worker.drain()
    assert told(worker)['eddyline_starts_over_total{cause="Aborted"}'] == 1
    assert told(worker)["eddyline_records_total"] == len(RECORDS)  # what was not committed is not counted
    worker.close()


def test_partitions_that_were_taken_away_are_no_longer_told(make):
    world: World = make(partitions=2)
    world.load(RECORDS)
    worker = world.worker()
    worker.drain()
    of_partitions = re.compile(r'partition="(\d)"')
    assert {found[1] for name in told(worker) if (found := of_partitions.search(name))} == {"0", "1"}
    other = world.worker(id="other")
    for _ in range(2_000):
        worker.run_once()
        other.run_once()
        if len(other.engines) == len(worker.engines) == 1:
            break
    for one in (worker, other):
        one.run_once()
        assert {found[1] for name in told(one) if (found := of_partitions.search(name))} == {str(*one.engines)}
        assert told(one)["eddyline_partitions"] == 1
    assert told(worker)["eddyline_rebalances_total"] >= 2
    worker.close()
    other.close()


def test_a_loop_that_does_not_move_on_is_not_live(here):
    clock = ManualClock()
    worker = here.worker(clock=clock, stuck_after=60_000)
    worker.run_once()
    assert worker.monitor.live
    clock.sleep(59)
    assert worker.monitor.live
    clock.sleep(2)
    assert not worker.monitor.live
    worker.run_once()
    assert worker.monitor.live
    worker.close()
