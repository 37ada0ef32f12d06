"""Receipts of moves: true to the arithmetic, and about what has changed."""

from __future__ import annotations

import math
from functools import cache

import pytest

from stream.engine import Engine
from stream.entries import Entry, Event, ModelAdopted
from stream.updates import SegmentChanged, Update
from tests.stream import fold

SETTINGS = fold.config(segments={"k": 3, "warm_up": 20, "sample": 64, "reasons": 12, "hysteresis": 0.0})


@cache
def entries() -> list[Entry]:
    return fold.with_models(fold.events(600), SETTINGS)


@cache
def moves() -> list[SegmentChanged]:
    updates: list[Update] = Engine(SETTINGS).apply(entries())[0]
    return [update for update in updates if isinstance(update, SegmentChanged)]


def test_there_is_something_to_see() -> None:
    assert {move.cause.kind for move in moves() if move.from_} == {"event", "time", "model"}


def test_contributions_sum_to_the_margin() -> None:
    for move in moves():
        assert math.fsum(one.contribution for one in move.features) == pytest.approx(move.margin, abs=1e-5), move


def test_changes_lead_from_the_margin_then_to_the_margin_now() -> None:
    """Between two moves of a customer under one model, the margin then can be worked out from the receipt before."""
    checked = 0
    for move in moves():
        changed = [one.change for one in move.features if one.change is not None]
        assert (len(changed) > 0) == (move.from_ is not None and move.cause.kind != "model")
        if not changed:
            continue
        then = move.margin - math.fsum(changed)
        earlier = [
            one
            for one in moves()
            if one.customer == move.customer and one.occurred_at < move.occurred_at and one.to == move.from_
        ]
        if earlier and earlier[-1].model == move.model:
            assert then <= 1e-5, "the customer was nearer to its segment when it came into it"
            checked += 1
    assert checked > 20


def test_what_has_not_changed_is_no_reason() -> None:
    for move in moves():
        for one in move.features:
            if one.change is not None and one.before == one.value:
                assert one.change == pytest.approx(0.0, abs=1e-6)
        if move.cause.kind == "time" and move.features[0].change is not None:
            assert move.features[0].before != move.features[0].value


def test_first_comes_what_brought_the_move_about() -> None:
    for move in moves():
        changes = [one.change for one in move.features if one.change is not None]
        assert changes == sorted(changes, reverse=True)
        if changes and move.margin > 0:
            assert changes[0] > 0


def test_who_has_only_said_who_they_are_has_no_segment_yet() -> None:
    adopted = [entry for entry in entries() if isinstance(entry, ModelAdopted)][-1]
    engine = Engine(SETTINGS)

    def told(position: int, kind: str) -> list[str]:
        event = Event(position, fold.START + position, "ann", True, f"m{position}", kind, {"product_id": "p1"}, {})
        one: list[Entry] = [event]
        return [type(update).__name__ for update in engine.apply(one)[0]]

    engine.apply([adopted])
    assert "SegmentChanged" not in told(0, "identify")
    assert "SegmentChanged" in told(1, "Product Viewed")
