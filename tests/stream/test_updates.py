"""Updates: frozen values with deterministic ids and canonical JSON."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from eddyline.examples import UPDATES
from stream.updates import Cause, Deciding, SegmentChanged, SegmentRef, Update, from_iso, to_iso, to_json, update_id

CHANGE = SegmentChanged(
    id="1",
    customer="ann",
    occurred_at=1_772_368_496_789,
    to=SegmentRef(id="s1", name="Rare"),
    cause=Cause(kind="time"),
    model=3,
    margin=0.25,
    features=(Deciding(feature="recency", value=None, contribution=0.25, unit="days"),),
)


def test_json_is_canonical() -> None:
    assert to_json(CHANGE) == (
        b'{"id":"1","customer":"ann","occurredAt":"2026-03-01T12:34:56.789Z","from":null,"to":{"id":"s1","name":"Rare"},'
        b'"cause":{"kind":"time","eventId":null,"event":null,"model":null},"model":3,"margin":0.25,'
        b'"features":[{"feature":"recency","value":null,"contribution":0.25,"unit":"days","before":null,"change":null}]}'
    )


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: type(update).__name__)
def test_json_reads_back_as_the_same_update(update: Update) -> None:
    assert type(update).model_validate_json(to_json(update)) == update


def test_updates_cannot_be_changed_or_widened() -> None:
    with pytest.raises(ValidationError):
        CHANGE.margin = 1.0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        SegmentRef(id="s1", name="Rare", colour="red")  # type: ignore[call-arg]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_number_that_json_has_not(bad: float) -> None:
    with pytest.raises(ValidationError):
        Deciding(feature="recency", value=bad, contribution=0.0)


def test_ids_are_the_same_in_every_process() -> None:
    code = "from stream.updates import update_id; print(update_id('segment', 'ann', 17))"
    ids = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert ids == {update_id("segment", "ann", 17)}
    assert len(ids.pop()) == 32


def test_ids_keep_their_parts_apart() -> None:
    assert update_id("ab", "c") != update_id("a", "bc")
    assert update_id("a") != update_id("a", "")


@given(st.integers(0, 7_258_118_399_999))
def test_times_survive_json(ms: int) -> None:
    assert from_iso(to_iso(ms)) == ms
