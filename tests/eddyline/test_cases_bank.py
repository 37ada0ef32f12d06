"""The bank: the truth bounds what is measured, reasons sum to the score, costs choose the threshold, files are read."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from eddyline.cases.bank import APPETITE, FOREST, ONLINE, run
from eddyline.cases.bank_data import Customers, made_up, read_customers
from eddyline.cases.bank_reasons import told
from eddyline.cases.bank_report import report
from eddyline.cases.bank_words import OTHER
from eddyline.cases.costs import Costs, curve, policy
from eddyline.cases.fairness import gap, treated
from eddyline.cases.few import few, textbook
from eddyline.cases.paired import paired
from eddyline.cli import main
from eddyline.compare.columns import Column
from eddyline.compare.table import Table
from stream.errors import DataError, InputError
from stream.evaluate.outcomes import Outcomes


@pytest.fixture(scope="module")
def bank():
    return run(made_up(5_000, 3), Costs(5_000, 1_000))


def test_the_online_model_is_near_the_truth_and_as_good_as_batch(bank):
    online, forest, *batch = bank.models
    assert (online.name, forest.name) == (ONLINE, FOREST)
    assert forest.auc > batch[2].auc - 0.04
    assert bank.truth.auc + 2 * bank.truth.spread > online.auc > bank.truth.auc - 0.03
    assert online.off < 0.06
    assert online.auc > max(one.auc for one in batch) - 0.03
    assert online.outcomes.calibration_error() < 0.06


def test_contributions_sum_to_the_log_odds(bank):
    assert len(bank.explained) == 3
    for one in bank.explained:
        assert one.base + one.total == pytest.approx(math.log(one.score / (1 - one.score)), abs=1e-9)
        sizes = [abs(reason.adds) for reason in one.reasons]
        assert sizes == sorted(sizes, reverse=True)
        rest = one.total - sum(reason.adds for reason in one.reasons)
        assert 3 <= len(sizes) <= 6
        assert abs(rest) <= abs(one.total) / 3 or len(sizes) == 6
    assert bank.explained[0].score > bank.costs.threshold > bank.explained[-1].score


def test_a_customer_is_explained_by_the_score_that_decided(bank):
    for one in bank.explained:
        assert one.score == bank.probability[one.row - bank.test[0]]
        said = told(one, bank)
        assert ("so refused" in said) == (one.score >= bank.costs.threshold)
        score, threshold = re.findall(r"(\d+\.\d+)%", said)[:2]
        assert (float(score) < float(threshold)) == (one.score < bank.costs.threshold)


def test_the_categories_of_a_column_are_one_reason():
    rng = np.random.default_rng(4)
    jobs, paid = rng.integers(0, 5, 3_000), rng.normal(size=3_000)
    happened = rng.random(3_000) < np.array([0.1, 0.2, 0.3, 0.5, 0.7])[jobs]
    names = ("clerk", "cook", "driver", "farmer", "smith")
    columns = (Column("job", "category", jobs.astype(float), names), Column("paid", "number", paid))
    table = Table("came", "yes", columns, happened, ordered=True)
    found = run(Customers(table, {}, (), {"job": "job", "paid": "paid"}, OTHER), Costs(2, 1))
    most, _, least = found.explained
    for one in found.explained:
        assert [reason.column for reason in one.reasons].count("job") == 1
        assert one.total == pytest.approx(sum(reason.adds for reason in one.reasons))
        assert next(reason.value for reason in one.reasons if reason.column == "job") == names[jobs[one.row]]
    assert (most.reasons[0].value, least.reasons[0].value) == ("smith", "clerk")
    assert most.reasons[0].adds > 0.5 > -0.5 > least.reasons[0].adds
    assert "job: smith multiplies" in told(most, found).lower()


def test_the_better_online_model_decides_where_it_is_better_beyond_chance():
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(2, 3_000))
    happened = rng.random(3_000) < np.where(one * other > 0, 0.6, 0.1)
    table = Table("came", "yes", (Column("a", "number", one), Column("b", "number", other)), happened, ordered=True)
    found = run(Customers(table, {"side": ("l", "r") * 1_500}, (), {"a": "a", "b": "b"}, OTHER), Costs(2, 1))
    assert found.decides == FOREST
    assert found.forest.low > 0.1
    assert found.policies[0].cost < found.other.cost
    for each in found.explained:
        assert each.base + each.total == pytest.approx(math.log(each.score / (1 - each.score)), abs=1e-9)


def test_a_difference_of_two_scores_is_told_by_its_pairs():
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(200):
        happened = rng.random(400) < 0.3
        signal = happened + rng.normal(size=400)
        one, other = signal + rng.normal(size=(2, 400))
        covered += not paired(one, other, happened).certain
    assert 180 <= covered <= 198
    found, alone = paired(one, other, happened), Outcomes.of(1 / (1 + np.exp(-one)), happened)
    assert found.difference == pytest.approx(
        alone.auc() - Outcomes.of(1 / (1 + np.exp(-other)), happened).auc(), abs=1e-12
    )
    assert found.high - found.difference < 1.96 * alone.auc_spread()


def test_the_chosen_threshold_is_cheaper_than_naive_rules(bank):
    chosen, *naive = bank.policies
    assert chosen.threshold == pytest.approx(1 / 6)
    assert all(chosen.cost < one.cost for one in naive)
    assert chosen.cost < 1.1 * bank.curve[1].min()
    assert bank.appetite["low"].approved < bank.appetite["medium"].approved < bank.appetite["high"].approved
    assert bank.appetite["low"].bad_share < bank.appetite["high"].bad_share
    assert list(bank.appetite) == list(APPETITE)


def test_with_the_truth_the_threshold_of_the_costs_is_the_cheapest():
    rng = np.random.default_rng(1)
    truth = rng.beta(1, 3, 60_000)
    happened = rng.random(60_000) < truth
    thresholds, cost = curve(truth, happened, Costs(4, 1))
    assert abs(float(thresholds[cost.argmin()]) - 0.2) < 0.04
    place = int(np.searchsorted(thresholds, 0.2))
    assert cost[place] == pytest.approx(policy("", truth, happened, float(thresholds[place]), Costs(4, 1)).cost)


def test_sex_is_no_feature_and_shows_all_the_same(bank):
    assert all("sex" not in reason.column for one in bank.explained for reason in one.reasons)
    assert set(bank.treated) == {"sex", "age"}
    assert sum(one.size for one in bank.treated["sex"]) == 2_500
    ages = gap(bank.treated["age"])
    assert ages.certain
    assert ages.worse.group == "29 and below"
    assert bank.carried["age"][0].column == "years in the job"


def test_groups_are_told_apart_only_beyond_chance():
    rng = np.random.default_rng(2)
    groups = ["a", "b"] * 500
    same = treated(groups, rng.random(1_000), rng.random(1_000) < 0.3, 0.5)
    assert not gap(same).certain
    shifted = np.where(np.arange(1_000) % 2, 0.2, 0.0) + 0.8 * rng.random(1_000)
    assert gap(treated(groups, shifted, rng.random(1_000) < 0.3, 0.5)).certain
    assert gap(treated(["a"] * 990 + ["b"] * 10, rng.random(1_000), rng.random(1_000) < 0.3, 0.5)) is None


def test_fifty_customers_are_said_to_tell_little():
    found = textbook(made_up(6_000, 7), 7)
    assert found.customers == 50
    for one in found.models:
        assert one.high - one.low > 0.15
        assert one.low <= one.auc <= one.high
        assert one.fresh < found.truth
    assert 500 < found.needed < 20_000
    with pytest.raises(DataError, match="five of each"):
        few(made_up(10, 7))


def test_the_report_says_it_through_the_command_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = []
    for seed in ("3", "3", "4"):
        arguments = ["case", "bank", "--customers", "600", "--seed", seed, "--json"]
        assert main([*arguments, "--cost-missed", "900", "--cost-refused", "100"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]
    numbers = json.loads(printed[0])
    assert numbers["policies"][0]["threshold"] == pytest.approx(0.1)
    assert {one["kind"] for one in numbers["models"]} == {"online", "batch", "truth"}
    assert list(tmp_path.iterdir()) == []


def test_every_picture_is_drawn(bank):
    made = report(bank, textbook(bank.customers), 3)
    drawn = [part.draw() for part in made.parts if hasattr(part, "draw")]
    assert len(drawn) == 7
    assert all(figure.get_size_inches()[0] == 8 for figure in drawn)


def test_a_file_is_read_in_the_order_of_its_rows(tmp_path, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    n = 900
    late, age = rng.poisson(1.0, n), rng.integers(18, 80, n)
    came = rng.random(n) < 1 / (1 + np.exp(2 - late))
    lines = ["loan;age;gender;late;job;paid_back"]
    lines += [
        f"L{7 * row % 977};{age[row]};{'fm'[row % 2]};{late[row]};{'abc'[row % 3]};{'no' if came[row] else 'yes'}"
        for row in range(n)
    ]
    file = tmp_path / "loans.csv"
    file.write_text("\n".join(lines))
    customers = read_customers(file, "paid_back")
    assert customers.table.positive == "yes"
    assert [one.name for one in customers.table.columns] == ["age", "late", "job"]
    assert list(customers.groups) == ["gender", "age"]
    assert np.array_equal(customers.table.labels, ~came)
    assert np.array_equal(read_customers(file, "paid_back", "no").table.labels, came)
    monkeypatch.setattr("eddyline.cases.report.find_spec", lambda name: None)
    assert main(["case", "bank", "--data", str(file), "--target", "paid_back"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Fairness by gender" in said
    assert "Gender has no part in the score" in said
    assert "Of the last 450 customers, the second half of the stream" in said
    assert "what stands above is measured on the last 180" in said
    assert "approved" not in said
    assert "refused" not in said
    assert "four-fifths" not in said
    assert "Of those who did not turn out as cases" in said
    assert "are cases" not in said


def test_what_people_are_has_no_part_in_the_score(tmp_path):
    rng = np.random.default_rng(1)
    file = tmp_path / "telco.csv"
    lines = ["age,seniorCitizen,destination,Gender,disabled,seniority,churn"]
    lines += [
        f"{20 + row % 50},{row % 2},{'ab'[row % 2]},{'fm'[row % 2]},{row % 2},{row % 7},{draw}"
        for row, draw in enumerate(rng.integers(0, 2, 60).tolist())
    ]
    file.write_text("\n".join(lines))
    found = read_customers(file, "churn", "1")
    assert [one.name for one in found.table.columns] == ["age", "destination", "seniority"]
    assert set(found.groups) == {"seniorCitizen", "Gender", "disabled", "age"}


def test_the_four_fifths_rule_is_told_with_digits_that_show_it(bank):
    even = treated(["a", "b"] * 2_000, np.tile([0.0, 1.0], 2_000), np.zeros(4_000, dtype=bool), 0.5)[0]
    high, low = even._replace(group="h", approved=0.8), even._replace(group="l", approved=0.6398)
    said = [
        part.text for part in report(replace(bank, treated={"sex": (high, low)}), None, 3).parts if "text" in vars(part)
    ]
    assert any("0.7997 of the highest, below the 0.8000 of the four-fifths rule" in text for text in said)


@pytest.mark.parametrize(
    ("text", "target", "error", "said"),
    [
        ("a,b\n1,2\n", None, InputError, "--target"),
        ("a,b\n1,2\n", "c", InputError, "no column 'c'"),
        ("a,b\n", "b", DataError, "no rows"),
        ("a,b\n1,x\n2,y\n3,z\n", "b", InputError, "--positive"),
        ("a,b\n1,2\n3,2\n", "b", DataError, "both outcomes"),
        ("gender,b\nf,1\nm,0\nf,0\n", "b", InputError, "no column left"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_in_a_sentence(text, target, error, said, tmp_path):
    file = tmp_path / "loans.csv"
    file.write_text(text)
    with pytest.raises(error, match=said):
        read_customers(file, target)


def test_the_command_refuses_wrong_use(capsys, tmp_path):
    assert main(["case", "bank", "--target", "y"]) == 2
    assert "--data" in capsys.readouterr().err
    assert main(["case", "bank", "--cost-missed", "0"]) == 2
    file = tmp_path / "few.csv"
    file.write_text("a,b\n" + "".join(f"{n},{n % 2}\n" for n in range(12)))
    assert main(["case", "bank", "--data", str(file), "--target", "b"]) == 2
    assert "rows" in capsys.readouterr().err
