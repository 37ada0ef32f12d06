"""Whether a deployment is well, and why not, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eddyline.diagnosis import Limits, troubles
from eddyline.status import PartitionStatus, Status

FINE = PartitionStatus(
    partition=0,
    owner="worker-1",
    host="10.0.0.7",
    lag=0,
    delay=0.0,
    offset=100,
    journal=3,
    watermark=100,
    number=3,
    epoch=5,
    clock=1_000,
    model=2,
    last_commit=1_000,
    dead_letters=0,
)


def deployment(at: int = 10_000, *, workers: int = 1, state: str = "Stable", **changes: Any) -> Status:
    """A deployment of one partition."""
    return Status(at, "eddyline", "shop", state, workers, (replace(FINE, **changes),), 2, 90_000.0, (), None)


def test_a_healthy_deployment_has_no_troubles():
    assert troubles(deployment(12_000), deployment(), Limits(lag=10, delay=60, model_age=100_000)) == []


def test_nobody_works():
    said = troubles(deployment(workers=0, state="Empty", owner=None), None, Limits())
    assert said == ["No worker runs: group 'shop' has no members."]


def test_a_partition_without_an_owner():
    assert troubles(deployment(owner=None), None, Limits()) == ["Partition 0 has no owner."]
    (said,) = troubles(deployment(owner=None, state="PreparingRebalance"), None, Limits())
    assert "rebalancing" in said


def test_too_many_records_wait_or_for_too_long():
    late = deployment(lag=1_200, delay=400.0)
    (said,) = troubles(late, None, Limits())
    assert said == "Partition 0: the oldest of 1,200 waiting records is 7 min old, more than 5 min."
    assert troubles(late, None, Limits(delay=500.0)) == []
    (said,) = troubles(late, None, Limits(lag=1_000, delay=None))
    assert "1,200 records wait, more than 1,000" in said


def test_a_lag_that_grows_while_the_oldest_record_waits():
    before, now = deployment(lag=500, delay=18.0), deployment(12_000, lag=900, delay=20.0)
    assert troubles(now, before, Limits()) == [
        "Partition 0: its lag grows, to 900 records, 400 more than 2 s ago.",
    ]
    assert troubles(before, now, Limits()) == []
    assert troubles(deployment(12_000, lag=900, delay=2.0), before, Limits()) == []  # a batch under way


def test_state_and_log_that_stay_apart():
    apart = deployment(watermark=120, number=4)
    (said,) = troubles(apart, apart, Limits())
    assert "the state is at offset 120, journal record 4, and the log is at offset 100, journal record 3" in said
    assert troubles(apart, deployment(watermark=110), Limits()) == []  # it moves: a commit was under way
    assert troubles(apart, None, Limits()) == []
    by_hand = deployment(journal=None)  # an offset that somebody has set has no journal record with it
    assert troubles(by_hand, by_hand, Limits()) == []


def test_a_model_that_is_old():
    assert troubles(deployment(), None, Limits(model_age=86_400)) == [
        "Model 2 is older than 24 h: 25 h of event time have passed since it was learnt."
    ]
