"""Cards say what the sample says."""

from __future__ import annotations

import numpy as np
import pytest

from stream.config import EngineConfig, Feature, SegmentsConfig
from stream.contribution import Contribution
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.propensity.calibration import Calibration
from stream.propensity.classifiers.logistic import Logistic
from stream.propensity.model import PropensityModel
from stream.propensity.weights import Weights
from stream.segments.cards import make_cards, popular_items
from stream.segments.learner import learn
from stream.target import Target

CONFIG = EngineConfig(
    features=(
        Feature(name="orders", aggregate="count", unit="orders", high="frequent", low="rare"),
        Feature(name="spend", aggregate="sum", value="revenue", unit="EUR", high="high spend", low="low spend"),
    ),
    segments=SegmentsConfig(k=2, warm_up=6),
)
ROWS = np.array([[1.0, 10.0], [2.0, 10.0], [1.0, 20.0], [1.0, np.nan], [9.0, 80.0], [10.0, 90.0]])


def sample(rows: np.ndarray, customers: int) -> Contribution:
    ids = tuple("abcdef"[: len(rows)])
    return Contribution(0, 100, customers, np.arange(len(rows), dtype=np.uint64), ids, rows, 64, {}, Tally())


def model(**propensity: PropensityModel) -> Model:
    return Model(version=1, learnt=learn(ROWS, CONFIG, None), propensity=propensity)


def test_a_card_against_a_sample_worked_out_by_hand() -> None:
    cards = make_cards(sample(ROWS, customers=600), model(), CONFIG)
    few, many = sorted(cards, key=lambda card: -card.size)
    assert (few.size, few.share, few.customers) == (4, 0.666667, 400)
    assert (many.size, many.share, many.customers) == (2, 0.333333, 200)
    # One row on each side is set aside: orders are held within [1, 9], spend within [10, 80]; the median stands in.
    orders, spend = np.array([1, 2, 1, 1, 9, 9.0]), np.array([10, 10, 20, 20, 80, 80.0])
    found = {one.feature: one for one in many.differences}
    assert (found["orders"].value, found["orders"].overall, found["orders"].unit) == (9.0, 3.833333, "orders")
    assert found["orders"].z == pytest.approx((9 - orders.mean()) / orders.std(), abs=1e-6)
    assert (found["spend"].value, found["spend"].unit) == (80.0, "EUR")
    assert found["spend"].z == pytest.approx((80 - spend.mean()) / spend.std(), abs=1e-6)
    assert [abs(one.z) for one in many.differences] == sorted((abs(one.z) for one in many.differences), reverse=True)
    assert all(one.z < 0 and one.value < one.overall for one in few.differences)
    assert few.propensity == {}


def test_typical_customers_are_the_nearest_and_shown_as_they_are() -> None:
    few = max(make_cards(sample(ROWS, customers=6), model(), CONFIG), key=lambda card: card.size)
    assert few.typical[0].customer in {"a", "c", "d"}
    assert {one.customer for one in few.typical} <= set("abcd")
    values = {one.customer: one.values for one in few.typical}
    assert values["d"] == {"orders": 1.0, "spend": None}
    assert len(few.typical) == 3


def test_propensity_is_the_mean_over_the_segments_customers() -> None:
    """A classifier that looks at orders alone."""
    scorer = PropensityModel(
        kind="logistic",
        features=("orders", "spend"),
        classifier=Logistic(np.array([1.0, 0.0]), 0.0, Weights.zeros(2)),
        prior=0.0,
        calibration=Calibration.straight(),
        deciles=np.arange(1, 10) / 10,
        examples=500,
        positives=100,
        marks=(),
    )
    config = CONFIG.model_copy(update={"targets": (Target(name="buys", events=("Order Completed",)),)})
    present = model(buys=scorer)
    assert present.segments is not None
    few, many = sorted(make_cards(sample(ROWS, customers=6), present, config), key=lambda card: -card.size)
    standard = present.segments.scaling.standardise_many(ROWS)
    assert many.propensity["buys"] == pytest.approx(1 / (1 + np.exp(-standard[4, 0])), abs=1e-6)
    assert few.propensity["buys"] == pytest.approx((1 / (1 + np.exp(-standard[:4, 0]))).mean(), abs=1e-6)


def test_a_segment_that_nobody_is_in_now_has_a_card_all_the_same() -> None:
    cards = make_cards(sample(ROWS[:4], customers=4), model(), CONFIG)
    empty = min(cards, key=lambda card: card.size)
    assert (empty.size, empty.customers, empty.differences, empty.typical) == (0, 0, (), ())
    with pytest.raises(ValueError, match="no segments"):
        make_cards(sample(ROWS, 6), Model(), CONFIG)


def test_popular_items_count_customers_and_not_orders() -> None:
    found = popular_items({"s1": [["tea", "tea", "jam"], ["tea"], []], "s2": [["jam"]], "s3": []}, count=2)
    assert [(one.item, one.share) for one in found["s1"]] == [("tea", 0.666667), ("jam", 0.333333)]
    assert [one.overall for one in found["s1"]] == [0.5, 0.5]
    assert found["s3"] == ()
