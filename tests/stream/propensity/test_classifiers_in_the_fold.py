"""The fold stays pure with every kind of classifier: cuts and restarts change nothing."""

from __future__ import annotations

import pytest

from stream.engine import Engine
from stream.propensity.classifiers.registry import KINDS
from stream.store.memory import MemoryStore
from stream.updates import PropensityScored
from tests.stream.fold import config, events, targets, with_models


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_at_each_cut_changes_nothing(kind: str) -> None:
    settings = config(targets=targets(min_examples=10, classifier=kind), recommend={"triggers": ()})
    entries = with_models(events(), settings)
    whole = Engine(settings)
    updates, _ = whole.apply(entries)
    assert any(isinstance(update, PropensityScored) for update in updates)
    store, going, said = MemoryStore(), Engine(settings), []
    epoch = store.acquire(0)
    for start in range(0, len(entries), 37):
        some, delta = going.apply(entries[start : start + 37])
        said += some
        store.commit(0, epoch, delta, b"")
        going = Engine(settings, store.load(0))
    assert said == updates
    assert going.state_hash() == whole.state_hash()
