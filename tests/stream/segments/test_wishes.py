"""Segments as operators wish: what is shown, and what learning makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from stream.commands import SegmentCommand, Wishes
from stream.config import EngineConfig
from stream.segments.learner import learn
from stream.segments.model import SegmentsModel
from stream.segments.wished import wished
from tests.stream.segments.conftest import FEATURES
from tests.stream.segments.conftest import make_customers as customers

SETTINGS = EngineConfig(features=FEATURES)


def after(*commands: dict[str, object], wishes: Wishes = Wishes()) -> Wishes:  # noqa: B008  (frozen)
    for command in commands:
        wishes = wishes.after(SegmentCommand.model_validate(command))
    return wishes


def learnt(seed: int = 1, previous: SegmentsModel | None = None, wishes: Wishes | None = None) -> SegmentsModel:
    found = learn(customers(600, seed), SETTINGS, previous, wishes)
    assert found is not None
    return found


FIRST = learnt()
ROWS = customers(600, 3)


def places(model: SegmentsModel) -> list[str]:
    """The segment of each of some customers."""
    return [model.ids[place] for place in model.predict_many(ROWS)[0].tolist()]


def test_nothing_asked_changes_nothing() -> None:
    assert wished(FIRST, Wishes()) is FIRST


def test_merged_segments_hold_exactly_their_customers() -> None:
    shown = wished(FIRST, after({"action": "merge", "segment": "s2", "into": "s1"}))
    assert places(shown) == ["s1" if segment == "s2" else segment for segment in places(FIRST)]
    assert shown.sizes[0] == FIRST.sizes[0] + FIRST.sizes[1]
    assert sum(shown.shares) == pytest.approx(1.0)
    assert shown.name("s2") == FIRST.name("s2"), "who comes from it is still told from where"


def test_customers_of_a_retired_segment_go_to_the_nearest_other() -> None:
    shown = wished(FIRST, after({"action": "retire", "segment": "s2"}))
    distances = FIRST.predict_many(ROWS)[1]
    distances[:, FIRST.ids.index("s2")] = np.inf
    assert places(shown) == [FIRST.ids[place] for place in distances.argmin(axis=1).tolist()]


def test_the_last_segment_cannot_be_retired() -> None:
    every = after(*({"action": "retire", "segment": segment} for segment in FIRST.ids))
    assert wished(FIRST, every).ids == FIRST.ids


def test_names_stay_unique() -> None:
    taken = FIRST.name("s2")
    shown = wished(FIRST, after({"action": "name", "segment": "s1", "name": taken}))
    assert shown.name("s1") == taken
    assert shown.name("s2") == f"{taken} 2"
    assert len(set(shown.names)) == len(shown.names)


def test_a_retired_segment_does_not_come_back_and_one_fewer_is_learnt() -> None:
    wishes = after({"action": "retire", "segment": "s2"})
    second = learnt(2, FIRST, wishes)
    assert len(second.ids) == len(FIRST.ids) - 1
    assert "s2" not in second.ids
    assert set(second.ids) < set(FIRST.ids), "the others live on"


def test_a_merge_outlives_learning() -> None:
    wishes = after({"action": "merge", "segment": "s2", "into": "s1"})
    second = learnt(2, FIRST, wishes)
    assert second.ids == FIRST.ids, "learning goes on from the segments as they were learnt"
    assert "s2" not in wished(second, wishes).ids


def moved(rows: np.ndarray, by: float) -> np.ndarray:
    """The same customers, after all of them have come to spend more."""
    return rows * (1.0 + by)


def test_a_locked_centre_rests_while_the_others_move() -> None:
    wishes = after({"action": "lock", "segment": "s1"})
    rows = moved(customers(600, 2), 0.3)
    locked, free = (learn(rows, SETTINGS, FIRST, each) for each in (wishes, None))
    assert locked is not None
    assert free is not None
    was = FIRST.scaling.inverse(FIRST.centres)[0]
    np.testing.assert_allclose(locked.scaling.inverse(locked.centres)[locked.ids.index("s1")], was, rtol=1e-9)
    assert not np.allclose(free.scaling.inverse(free.centres)[free.ids.index("s1")], was, rtol=1e-2)


def test_a_locked_segment_does_not_die_without_customers() -> None:
    place = FIRST.ids.index("s1")
    rows = customers(900, 2)
    others = rows[FIRST.predict_many(rows)[0] != place]
    wishes = after({"action": "lock", "segment": "s1"})
    locked, free = (FIRST, FIRST)
    for _ in range(6):
        locked, free = learn(others, SETTINGS, locked, wishes), learn(others, SETTINGS, free, None)
        assert locked is not None
        assert free is not None
    assert "s1" in locked.ids
    assert locked.sizes[locked.ids.index("s1")] < 0.05 * len(others)
    unlocked = learn(others, SETTINGS, locked, after({"action": "unlock", "segment": "s1"}, wishes=wishes))
    assert unlocked is not None
    assert min(unlocked.shares) >= 0.01


def test_a_drift_is_noticed_said_and_then_the_new_normal() -> None:
    calm = learnt(2, FIRST)
    assert "changed" not in calm.why
    rows = moved(customers(600, 3), 1.0)
    drifted = learn(rows, SETTINGS, calm, None)
    assert drifted is not None
    assert "have changed" in drifted.why
    assert "PSI" in drifted.why
    again = learn(rows, SETTINGS, drifted, None)
    assert again is not None
    assert "changed" not in again.why
