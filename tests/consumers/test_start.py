"""What must fit before a worker starts: topics, partitions, and settings the state is made of."""

from __future__ import annotations

import json

import pytest

from stream.engine import Engine
from stream.errors import Mismatch, MissingTopic
from stream.model import Model
from stream.store.memory import MemoryStore
from tests.consumers.world import RECORDS, World
from tests.logs.harness import MemoryLog
from tests.stream import fold


def test_a_topic_is_missing():
    log = MemoryLog()
    world = World(log, MemoryStore())
    worker = world.worker()
    worker._topics = world.topics.model_copy(update={"models": "elsewhere"})
    with pytest.raises(MissingTopic, match="'elsewhere' does not exist; `eddyline topics create`"):
        worker.run_once()


def test_partition_counts_differ(here):
    here.run()
    other = World(MemoryLog(), here.store, here.topics, partitions=2)
    with pytest.raises(Mismatch, match="partitions"):
        other.worker().run_once()
    name = here.log.topic(3)
    here.topics = here.topics.model_copy(update={"journal": name})
    with pytest.raises(Mismatch, match=r"must have the same number.*eddyline topics migrate"):
        here.worker().run_once()


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("features", {"features": fold.config().features[:-1]}),
        (r"recommend\.half_life.*\(2592000000 ms\)", {"recommend": {"half_life": "60d"}}),
        (r"targets\.churns.*give the target another name", {"targets": fold.targets(events=["Order Refunded"])[1:]}),
        (r"targets\.orders_again", {"targets": fold.targets(horizon="7d")}),
    ],
)
def test_settings_that_the_state_is_made_of_differ(here, setting, other):
    here.run()
    here.config = fold.config(**other)
    with pytest.raises(Mismatch, match=setting):
        here.worker().run_once()


@pytest.mark.parametrize("kind", ["naive_bayes", "tree"])
def test_a_lost_store_and_another_classifier_learn_anew(here, kind):
    """The log's models hold the classifier of before, in which the new one finds nothing to go on from."""
    here.config = fold.config(targets=fold.targets(min_examples=10, classifier=kind))
    here.load(RECORDS[:200])
    here.run()
    here.config, here.store = fold.config(), MemoryStore()
    here.load(RECORDS[200:])
    here.run()
    model = Engine(here.config, here.store.load(0)).model
    assert {part.kind for part in model.propensity.values()} == {"logistic"}


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (fold.config().features[:-1], rf"now without {fold.config().features[-1].name}.*and empty the store"),
        (fold.config().features[::-1], "in another order"),
    ],
)
def test_a_lost_store_and_other_features_are_refused(here, features, said):
    here.load(RECORDS[:200])
    here.run()
    here.config, here.store = fold.config(features=features), MemoryStore()
    with pytest.raises(Mismatch, match=said):
        here.worker().run_once()


def test_a_store_of_another_version_is_refused_before_it_is_read(here):
    here.load(RECORDS[:200])
    here.run()
    settings = json.loads(here.store.shared("settings"))
    here.store.put_shared("settings", json.dumps(settings | {"format": 1}).encode())
    with pytest.raises(Mismatch, match=r"format 1, .* writes format \d+"):
        here.worker().run_once()


def test_a_model_of_another_version_is_refused():
    values = Model().to_dict()
    with pytest.raises(Mismatch, match="format 99"):
        Model.from_dict(values | {"format": 99})


def test_words_and_limits_may_change(here):
    here.load(RECORDS[:200])
    here.run()
    features = [feature.model_copy(update={"high": "much", "unit": "x"}) for feature in here.config.features]
    here.config = fold.config(
        features=features,
        segments={"k": 4, "warm_up": 20, "sample": 32, "quiet_check": "3d", "hysteresis": 0.2},
        recommend={"count": 5, "neighbours": 20, "served": 5},
        targets=fold.targets(step=0.2, bands=(0.1, 0.9), min_examples=5),
        events={"remember": 10},
    )
    here.load(RECORDS[200:])
    assert here.run()
