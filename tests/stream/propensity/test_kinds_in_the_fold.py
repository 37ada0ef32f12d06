"""Every classifier keeps the fold's promises: batches and stores change nothing."""

from __future__ import annotations

from math import exp

import pytest

from stream.engine import Engine
from stream.store.memory import MemoryStore
from stream.updates import PropensityScored
from tests.stream import fold

SCORES = {"recommend": {"triggers": ()}}  # and no lists, which take most of the time
KINDS = ("logistic", "naive_bayes", "tree", "forest", "network")


@pytest.mark.parametrize("kind", KINDS)
def test_batches_and_stores_change_nothing(kind: str) -> None:
    settings = fold.config(**SCORES, targets=fold.targets(classifier=kind, min_examples=5, horizon="4d", every="1h"))
    entries = fold.with_models(fold.events(260), settings)
    whole = Engine(settings)
    updates = [update for update in whole.apply(entries)[0] if isinstance(update, PropensityScored)]
    assert {update.target for update in updates} == {"orders_again", "churns"}
    one_by_one = Engine(settings)
    assert [
        update for entry in entries for update in one_by_one.apply([entry])[0] if isinstance(update, PropensityScored)
    ] == updates
    assert one_by_one.state_hash() == whole.state_hash()

    store, engine, stored = MemoryStore(), Engine(settings), []
    epoch = store.acquire(0)
    for low in range(0, len(entries), 67):
        some, delta = engine.apply(entries[low : low + 67])
        store.commit(0, epoch, delta, b"")
        stored += [update for update in some if isinstance(update, PropensityScored)]
        engine = Engine(settings, store.load(0))
    assert stored == updates
    assert engine.state_hash() == whole.state_hash()


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_of_a_published_score_are_the_largest_of_all(kind: str) -> None:
    """Three are told, and with all others and the base they are the score's log-odds."""
    settings = fold.config(**SCORES, targets=fold.targets(classifier=kind, min_examples=5, horizon="4d")[:1])
    engine = Engine(settings)
    updates = engine.apply(fold.with_models(fold.events(260), settings))[0]
    scored = [update for update in updates if isinstance(update, PropensityScored)]
    assert scored
    for update in scored:
        told = [abs(one.contribution) for one in update.features]
        assert len(told) == 3
        assert told == sorted(told, reverse=True)
        log_odds = update.base + sum(one.contribution for one in update.features) + update.rest
        assert 1 / (1 + exp(-log_odds)) == pytest.approx(update.score, abs=1e-5)
        assert 1 <= update.decile <= 10
