"""Online models beside batch: features, splits, leaks, and the comparison itself, on tables made up here."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from eddyline.compare import batch, online, report
from eddyline.compare.columns import Column, column
from eddyline.compare.comparison import Comparison, compare
from eddyline.compare.drift import drifts
from eddyline.compare.encode import MOST_FEATURES, Encoder
from eddyline.compare.leaks import leaks
from eddyline.compare.metrics import best_threshold, quality
from eddyline.compare.rows import Rows, periods
from eddyline.compare.segments import PAIRS, group_both
from eddyline.compare.split import split
from eddyline.compare.table import Table
from stream.errors import DataError, InputError
from stream.preprocessing.settings import Measured
from stream.propensity.online import OnlineClassifier

EACH = np.arange(1_200)


def made(rows: int = 1_200, *, seed: int = 1, dated: bool = False) -> Table:
    """What happens hangs on a number and on a category; some numbers are missing."""
    rng = np.random.default_rng(seed)
    spend, kind = rng.exponential(50, rows), rng.integers(0, 3, rows)
    happened = rng.random(rows) < 1 / (1 + np.exp(-(np.log1p(spend) - 4 + 2.0 * (kind == 1))))
    spend[rng.random(rows) < 0.05] = np.nan
    columns = (
        Column("Spend", "number", spend),
        Column("kind", "category", kind.astype(float), ("a", "b", "c")),
        Column("noise", "number", rng.normal(size=rows)),
    )
    times = 19_000 + np.arange(rows) / 10 if dated else None
    return Table("bought", "yes", columns, happened, times, dated=dated, ordered=dated)


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(made(dated=True), ["logistic"], retrain="monthly")


def test_a_split_at_random_has_the_same_share_in_each_part():
    labels = EACH % 6 == 0
    parts = split(labels, ordered=False)
    assert sorted(np.concatenate([parts.past, parts.test]).tolist()) == EACH.tolist()
    for part, size in ((parts.train, 720), (parts.validation, 240), (parts.test, 240)):
        assert len(part) == size
        assert labels[part].mean() == pytest.approx(1 / 6, abs=0.01)
    assert (split(labels, ordered=False).test == parts.test).all()
    assert (split(labels, ordered=False, seed=8).test != parts.test).any()


def test_a_split_by_time_has_the_past_before_the_test_and_no_moment_in_two_parts():
    times = np.repeat(np.arange(24.0), 50)
    parts = split(EACH % 2 == 0, ordered=True, times=times)
    assert times[parts.train].max() < times[parts.validation].min()
    assert times[parts.validation].max() < times[parts.test].min()


def test_too_few_rows_of_a_class_are_refused():
    with pytest.raises(DataError, match=r"test part .* has 0 rows in which the target happened"):
        split((EACH < 900) & (EACH % 3 == 0), ordered=True)


def test_features_are_fitted_to_the_training_rows_alone():
    only_later = column("kind", ["a", "b", "c"] * 200 + ["z"] * 600)
    tail = Column("spend", "number", np.concatenate([np.linspace(0, 1, 600), np.geomspace(1, 1e6, 600)]))
    rows = np.arange(600)
    encoder = Encoder.fit([only_later, tail], EACH % 2 == 0, rows)
    again = Encoder.fit([only_later, tail], np.where(EACH < 600, EACH % 2 == 0, EACH % 3 == 0), rows)
    assert [one.name for one in encoder.measured] == ["kind_a", "kind_b", "kind_c", "spend"]
    assert not encoder.measured[-1].log  # the long tail comes later
    assert encoder.measured == again.measured
    assert encoder.encode([only_later, tail])[-1].tolist() == [0, 0, 0, pytest.approx(1e6)]


def test_rare_categories_share_a_feature_and_missing_ones_are_none():
    texts = ["often", "sometimes", "often", "often"] * 250 + [f"rare {place}" for place in range(20)] + [""] * 30
    kind = column("kind", texts)
    encoder = Encoder.fit([kind], np.arange(len(texts)) % 2 == 0, np.arange(len(texts)))
    assert [one.name for one in encoder.measured] == ["kind_often", "kind_sometimes", "kind_other"]
    X = encoder.encode([kind])
    assert (X[:1_020].sum(axis=1) == 1).all()
    assert (X[1_020:] == 0).all()


def test_of_two_categories_one_is_enough():
    kind = column("kind", ["a", "b"] * 600)
    assert len(Encoder.fit([kind], EACH % 3 == 0, EACH).features) == 1


def test_missing_numbers_stay_missing_and_are_a_feature():
    table = made()
    encoder = Encoder.fit(table.columns, table.labels, EACH)
    names = [one.name for one in encoder.measured]
    X = encoder.encode(table.columns)
    assert sorted(names) == ["kind_a", "kind_b", "kind_c", "noise", "spend", "spend_missing"]
    assert (np.isnan(X[:, 0]) == (X[:, names.index("spend_missing")] == 1)).all()
    assert encoder.measured[0].log


def test_of_thousands_of_features_those_that_tell_most_are_kept():
    rng = np.random.default_rng(2)
    labels = EACH % 2 == 0
    columns = [Column(f"c{place}", "number", rng.normal(size=1_200)) for place in range(5_000)]
    columns[4_321] = Column("c4321", "number", labels + rng.normal(size=1_200))
    encoder = Encoder.fit(columns, labels, np.arange(600))
    assert len(encoder.features) == MOST_FEATURES
    assert "c4321" in {one.name for one in encoder.measured}
    assert any("5,000 features" in note for note in encoder.notes)


def told(*columns: Column, labels=EACH % 4 == 0) -> list[str]:
    return list(leaks(columns, labels, EACH))


def test_columns_that_know_too_much_are_named():
    rng = np.random.default_rng(3)
    labels = EACH % 4 == 0
    copy = Column("copy", "category", labels.astype(float), ("n", "y"))
    near = Column("near", "number", labels + rng.normal(0, 0.2, 1_200))
    round_ = Column("round", "number", np.where(labels, rng.normal(0, 0.1, 1_200), rng.choice([-3.0, 3.0], 1_200)))
    ended = Column("ended", "date", np.where(labels, 19_000.0 + EACH, np.nan))
    found = told(copy, near, round_, ended)
    assert [warning.split("'")[1] for warning in found] == ["copy", "near", "round", "ended"]
    assert "equals the target" in found[0]
    assert "AUC of 0.99" in found[1] or "AUC of 1.0" in found[1]
    assert "filled in only where the target happened" in found[3]
    assert all("--drop" in warning for warning in found)


def test_a_column_that_stands_out_is_asked_about():
    rng = np.random.default_rng(4)
    labels = EACH % 4 == 0
    strong, near, weak = (
        Column(name, "number", labels * shift + rng.normal(size=1_200))
        for name, shift in (("strong", 2.0), ("near", 1.95), ("weak", 0.5))
    )
    (note,) = told(weak, strong)
    assert "'strong' alone gives an AUC of 0.9" in note
    assert "check that it is known when you score" in note
    assert "probably" not in note
    assert told(strong) == []  # nothing to stand out from
    assert told(strong, near, weak) == []
    copy = Column("copy", "category", labels.astype(float), ("n", "y"))
    assert [one.split("'")[1] for one in told(copy, weak, strong)] == ["copy", "strong"]


def test_a_file_in_an_order_is_not_split_at_random_in_silence():
    rng = np.random.default_rng(9)
    rising = rng.random(1_200) < 0.1 + 0.3 * EACH / 1_200
    (warning,) = drifts(rising)
    assert "--ordered" in warning
    quiet = [list(drifts(rng.permutation(rising))) for _ in range(50)]
    assert sum(map(len, quiet)) <= 1
    assert list(drifts(rising[:40])) == []  # too few to tell
    table = replace(made(), labels=rising)
    assert any("--ordered" in one for one in compare(table, ["logistic"]).warnings)
    assert not any("--ordered" in one for one in compare(replace(table, ordered=True), ["logistic"]).warnings)


def test_what_tells_much_or_is_new_in_every_row_is_no_leak():
    rng = np.random.default_rng(4)
    strong = Column("strong", "number", (EACH % 4 == 0) * 1.0 + rng.normal(size=1_200))
    many = Column("many", "category", rng.permutation(1_200).astype(float), tuple(map(str, EACH)))
    assert told(strong, many) == []


def test_thresholds_and_measures():
    rng = np.random.default_rng(5)
    labels = rng.random(500) < 0.3
    scores = np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 0, 1)
    best = best_threshold(labels, scores)
    found = quality(labels, scores, best)
    assert found.f1 == pytest.approx(max(quality(labels, scores, one).f1 for one in scores))
    assert found.f1 == pytest.approx(2 * found.precision * found.recall / (found.precision + found.recall))
    assert quality(labels, labels.astype(float), 0.5).auc == 1.0


def test_online_models_score_a_row_before_they_learn_it():
    table = made()
    encoder = Encoder.fit(table.columns, table.labels, EACH)
    X = encoder.encode(table.columns)

    def said(labels) -> online.Scored:
        return online.one_pass(OnlineClassifier("logistic", features=encoder.measured), X, labels, 1_000)

    size, first = online.BLOCK, said(table.labels)
    for place in (size, 999, 1_199):  # the labels from here on are told the other way round
        other = said(np.where(place <= EACH, ~table.labels, table.labels))
        block = place // size * size
        assert (other.prequential[size : block + size] == first.prequential[size : block + size]).all()
        if place >= 1_000:
            assert (other.frozen == first.frozen).all()
    assert (said(~table.labels).prequential[size:] != first.prequential[size:]).any()
    assert np.isnan(first.prequential[:size]).all()


@pytest.mark.parametrize("day", [90, 25])  # rows, of which a block has 60
def test_rows_of_one_moment_tell_nothing_of_each_other(day):
    times = 19_000.0 + EACH // day
    rows = Rows.of(replace(made(), times=times, dated=True, ordered=True), 7)

    def said(labels):
        model = OnlineClassifier("logistic", features=rows.encoder.measured, block=60)
        return online.one_pass(model, rows.raw, labels, rows.past, block=60, known=rows.known).prequential

    first = said(rows.labels)
    assert np.isfinite(first[rows.trained :]).all()
    for at in (300, 777, 1_190):
        own = times == times[at]
        other = said(rows.labels ^ own)
        np.testing.assert_array_equal(other[own], first[own])
    after = times > times[300]
    assert (said(rows.labels ^ (times == times[300]))[after] != first[after]).any()


def test_days_as_long_as_a_part_are_compared():
    sizes = [590, 200, 210]  # they end within blocks
    table = replace(made(1_000), times=19_000.0 + np.repeat(EACH[:3], sizes), dated=True, ordered=True)
    found = compare(table, ["logistic"], retrain="daily")
    assert found.parts == tuple(sizes)
    assert found.models[0].quality.auc == found.models[1].quality.auc > 0.6  # in one day nothing more is learnt


def test_batch_models_retrained_monthly_know_nothing_of_their_month():
    table = made()
    encoder = Encoder.fit(table.columns, table.labels, EACH)
    X, months = encoder.encode(table.columns), EACH // 300

    def said(labels):
        return batch.retrained(batch.Batch("logistic", encoder.measured), X, labels, months, 450)

    first = said(table.labels)
    later = said(np.where(EACH >= 900, ~table.labels, table.labels))
    assert len(first) == 750
    assert np.isfinite(first).all()
    assert (later == first).all()
    assert (said(np.where(EACH >= 600, ~table.labels, table.labels))[450:] != first[450:]).any()


def test_retraining_needs_a_month_with_both_outcomes_before_the_test():
    table = made(300, dated=True)  # of a single month
    table = replace(table, times=19_000 + EACH[:300] / 30)
    with pytest.raises(DataError, match=r"the past holds no month with both outcomes .* retrain daily or once"):
        compare(table, ["logistic"], retrain="monthly")
    assert compare(table, ["logistic"], retrain="daily").models[-1].learnt == "before the day"


@pytest.mark.parametrize("of_each", [1, 2, 5, 9, 10, 11])
def test_a_network_learns_from_few_rows(of_each):
    X, labels = np.random.default_rng(2).normal(size=(2 * of_each, 1)), np.arange(2 * of_each) % 2 == 0
    model = batch.Batch("network", (Measured(name="x"),))
    assert np.isfinite(model.learn_many(X, labels).predict_proba_many(X)).all()
    many, both = np.tile(X, (60, 1)), np.tile(labels, 60)  # of the same model, afresh
    assert np.isfinite(model.learn_many(many, both).predict_proba_many(X)).all()


def test_a_threshold_needs_a_score_of_each_row():
    with pytest.raises(DataError, match=r"1 of the 3 rows .* longer history"):
        best_threshold(np.array([True, False, True]), np.array([0.5, np.nan, 0.2]))


def test_the_comparison_on_a_table_with_dates(compared):
    names = [(one.name, one.kind, one.learnt) for one in compared.models]
    assert names == [
        ("logistic", "online", "before the row"),
        ("logistic (frozen)", "online", "before the test"),
        ("logistic", "batch", "before the month"),
    ]
    for one in compared.models:
        assert one.quality.auc > 0.65
        assert one.cost.seconds > 0
        assert one.cost.memory_mb >= 0
    prequential, frozen, monthly = (one.freshness for one in compared.models)
    assert prequential.rows == (np.arange(960, 1_200) % 60).mean()
    assert frozen.rows == np.arange(240).mean()
    assert monthly.rows < 310
    assert frozen.days == pytest.approx((frozen.rows + 1) / 10)


def test_online_and_batch_agree_on_a_linear_truth(compared):
    frozen, monthly = compared.models[1:]
    assert abs(frozen.quality.auc - monthly.quality.auc) < 0.05


def test_the_document(compared):
    found = report.document(compared)
    assert list(found) == ["rows", "target", "models", "warnings"]
    assert (found["rows"], found["target"]) == (1_200, "bought")
    numbers = ("auc", "log_loss", "ece", "f1", "accuracy", "precision", "recall", "seconds", "memory_mb")
    for one in found["models"]:
        assert one["kind"] in ("online", "batch")
        assert all(isinstance(one[name], float) for name in numbers)
        assert set(one["freshness"]) == {"rows", "days"}


MODELS_SHOWN = ("logistic", "naive_bayes", "naive_bayes (frozen)", "published")


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_the_table_fits_and_breaks_neither_names_nor_numbers(compared, width):
    first = compared.models[0]
    wide = replace(first.freshness, rows=12_345.0, days=None)
    results = [
        replace(first, name=name, freshness=wide, cost=replace(first.cost, seconds=345.6, memory_mb=345.0))
        for name in MODELS_SHOWN
    ]
    screen = Console(file=StringIO(), width=width, markup=False, highlight=False)
    report.show(replace(compared, models=tuple(results), warnings=("word " * 60,)), (), screen)
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for name in MODELS_SHOWN:
        (line,) = (line for line in lines if f" {name}  " in line)
        assert f"{first.quality.auc:.4f}" in line
        assert f"{first.quality.ece:.3f}" in line
        assert ("12,345 rows" in line) == (width == 120)
        assert line.count(f"{first.quality.recall:.3f}") >= (width >= 100)
    assert any(line.startswith("s, MB, Age") for line in lines) == (width < 120)


def test_retraining_needs_dates():
    with pytest.raises(InputError, match="--time"):
        compare(made(), ["logistic"], retrain="daily")


def test_periods():
    assert periods(np.array([18_992.9, 18_993.0, 19_023.0]), "monthly").tolist() == [623, 624, 624]


def test_segments_by_both_sides():
    rng = np.random.default_rng(6)
    places = rng.integers(0, 3, 600)
    columns = tuple(Column(f"c{d}", "number", 10.0 * rng.random(3)[places] + rng.normal(0, 0.2, 600)) for d in range(4))
    found = group_both(Table("bought", "yes", columns, EACH[:600] % 2 == 0), 3)
    assert [one.name for one in found] == [name for pair in PAIRS.items() for name in pair]
    for one in found:
        assert sum(one.sizes) + one.outliers == 600
    for one in found[:4]:
        assert one.agreement > 0.95
        assert len(one.sizes) == 3


def test_too_few_rows_for_segments():
    with pytest.raises(DataError, match="too few for 80 segments"):
        group_both(made(600), 80)
