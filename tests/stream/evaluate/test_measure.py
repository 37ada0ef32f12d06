"""A tally in numbers: everything is told once, rounded, and with nothing where nothing was measured."""

from __future__ import annotations

from stream.durations import DAY
from stream.evaluate.measure import measure_lists, measure_targets, metrics
from stream.evaluate.tally import Tally
from stream.model import Model
from tests.stream import fold


def scored() -> Tally:
    tally = Tally()
    for week, (probability, happened) in enumerate([(0.9, True), (0.2, False), (0.8, False), (0.6, True)] * 5):
        tally.score("buys", probability, happened, time=week * 7 * DAY, segment=f"s{week % 2}")
    return tally


def test_each_declared_target_is_told_with_its_threshold():
    buys, leaves = measure_targets(scored(), {"buys": 0.7, "leaves": 0.2}, 7 * DAY, ("s0", "s1", "s9"))
    assert (buys.target, buys.threshold, buys.since_start.examples) == ("buys", 0.7, 20)
    assert (buys.since_start.precision, buys.since_start.recall, buys.since_start.accuracy) == (0.5, 0.5, 0.5)
    assert buys.fading.examples < 2 < buys.since_start.examples
    assert list(buys.segments) == ["s0", "s1"]
    assert sum(one.examples for one in buys.segments.values()) == 20
    assert len(buys.deciles) == 10
    assert abs(sum(one.score for one in buys.deciles) / 10 - 0.625) < 0.001
    assert (buys.deciles[0].score, buys.deciles[0].rate) == (0.9005, 1.0)  # scores count as the middle of their bin
    assert sum(one.examples for one in buys.calibration) == 20
    assert leaves.since_start.examples == 0
    assert leaves.since_start.auc is None
    assert (leaves.segments, leaves.deciles, leaves.calibration) == ({}, (), ())


def test_segments_and_those_in_none_add_up_to_all():
    tally = scored()
    tally.score("buys", 0.4, True, time=0, segment="")
    (buys,) = measure_targets(tally, {"buys": 0.7}, 7 * DAY, [*sorted(tally.targets["buys"].segments)])
    assert set(buys.segments) == {"", "s0", "s1"}
    assert sum(one.examples for one in buys.segments.values()) == buys.since_start.examples == 21
    assert sum(one.positives for one in buys.segments.values()) == buys.since_start.positives


def test_rates_of_lists_are_of_what_was_shown():
    tally = Tally()
    assert measure_lists(tally, DAY).since_start.click_through is None
    tally.lists.add(0, lists=4, items=40, clicked_lists=1, clicked_items=2, ordered_items=1, viewed_orders=4)
    tally.lists.add(0, trials=10, hits=5, popular_hits=2)
    told = measure_lists(tally, DAY).since_start
    assert (told.click_through, told.item_click_through, told.conversion) == (0.25, 0.05, 0.5)
    assert (told.view_through, told.hit_rate, told.popular_hit_rate) == (0.1, 0.5, 0.2)


def test_the_model_carries_what_was_measured_and_tells_it_the_same_wherever_it_is_read():
    assert metrics(Model()) is None
    entries = fold.with_models(fold.events(900), fold.config())
    models = [entry.model for entry in entries if hasattr(entry, "model")]
    told = metrics(models[-1])
    assert told == metrics(Model.unpack(models[-1].packed))
    assert (told.model, told.occurred_at) == (models[-1].version, models[-1].clock)
    assert told.recommendations.since_start.trials > 0
    assert told.targets[0].since_start.examples > 0
    assert metrics(models[0]).id != told.id
