"""The shop: known kinds are found again, gender is kept out, files are read or refused in a sentence."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from eddyline.cases.fairness import association
from eddyline.cases.report import Rows
from eddyline.cases.shop import run, segmented
from eddyline.cases.shop_data import KINDS, made_up, read_shoppers
from eddyline.cases.shop_report import report
from eddyline.cli import main
from stream.errors import DataError


class Page(HTMLParser):
    """What a browser would load, and how many pictures there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.pictures = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = [value or "" for name, value in attrs if name in ("src", "href", "data", "srcset")]
        self.pictures += sum(value.startswith("data:image/png;base64,") for value in found)
        self.loaded += [value for value in found if not value.startswith("data:")]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_five_kinds_are_found_again(capsys, tmp_path):
    assert main(["case", "shop", "--json", "--out", "shop.html"]) == 0
    told = json.loads(capsys.readouterr().out)
    ari = {one["algorithm"]: one["ari"] for one in told["algorithms"]}
    assert min(ari["kmeans"], ari["hierarchical"]) > 0.85
    assert ari["density"] > 0.7
    assert (told["guide"]["k"], len(told["segments"])) == (5, 5)
    assert sum(segment["customers"] for segment in told["segments"]) == 100
    assert {"gold", "silver", "basic"} == {segment["tier"] for segment in told["segments"]}
    assert not told["fairness"][0]["follows"]
    assert told["fairness"][0]["with_it"]["ari"] < 0.6 < told["fairness"][0]["with_it"]["cramers_v"]
    page = Page((tmp_path / "shop.html").read_text(encoding="utf-8"))
    assert page.loaded == []
    assert page.pictures == 7


def test_what_a_report_tells_of_a_segment_agrees_with_itself():
    for seed in (2, 7):
        shop = run(made_up(130, seed), 5)
        told = report(shop, seed)
        for segment in told.numbers["segments"]:
            for basket in re.findall(r"about ([\d,]+) EUR", segment["offer"]):
                shown = segment["means"]["spend"] / segment["means"]["frequency"]
                assert int(basket.replace(",", "")) == round(shown)
        tables = {part.columns[0][0]: part.cells for part in told.parts if isinstance(part, Rows)}
        cards, followed = tables["Id"], tables["Segment"]
        assert sum(int(re.search(r"\((\d+)%\)", row[2])[1]) for row in cards) == 100
        assert {sum(int(cell[:-1]) for cell in row[1:]) for row in followed} == {100}


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(capsys):
    told = []
    for seed in ("3", "3", "4"):
        assert main(["case", "shop", "--json", "--customers", "60", "--seed", seed]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_what_follows_gender_is_said_to(capsys):
    shoppers = made_up(100)
    bound = {kind.name: "female" if place % 2 else "male" for place, kind in enumerate(KINDS)}
    groups = tuple(bound.get(kind, "male") for kind in shoppers.truth)
    found = run(
        type(shoppers)(shoppers.ids, shoppers.features, shoppers.rows, {"gender": groups}, shoppers.truth), 5
    ).follows[0]
    assert found.association.follows
    assert found.association.v > 0.7


def test_chance_is_not_taken_for_a_group():
    rng = np.random.default_rng(5)
    labels = [f"s{place}" for place in rng.integers(0, 5, 100)]
    genders = ["f" if coin else "m" for coin in rng.integers(0, 2, 100)]
    assert not association(genders, labels).follows


def test_segments_say_nothing_of_the_order_of_rows():
    shoppers = made_up(80)
    turned = type(shoppers)(
        shoppers.ids[::-1], shoppers.features, shoppers.rows[::-1], shoppers.groups, shoppers.truth[::-1]
    )
    one, other = (segmented(each, each.features, each.rows, "kmeans", 5, 7) for each in (shoppers, turned))
    assert one.of == other.of


def test_more_customers_than_the_sample_all_have_a_segment():
    shoppers = made_up(4_500)
    found = segmented(shoppers, shoppers.features, shoppers.rows, "kmeans", 5, 7)
    assert set(found.of) == set(shoppers.ids)
    assert len(found.merged.ids) == 4_096
    assert abs(sum(card.customers for card in found.cards) - 4_500) <= 3
    assert found.ari > 0.8


def test_a_file_is_read_by_what_its_columns_hold(tmp_path, capsys, monkeypatch):
    shoppers = made_up(120)
    lines = ["customer_id;gender;age;spend;frequency;constant"]
    for customer, gender, row in zip(shoppers.ids, shoppers.groups["gender"], shoppers.rows.tolist(), strict=True):
        age, spend, frequency = row
        lines.append(f"{customer};{gender};{age:.0f};{'' if customer == 'c005' else spend};{frequency:.0f};x")
    file = tmp_path / "customers.csv"
    file.write_text("\n".join(lines))
    read = read_shoppers(file)
    assert read.ids == shoppers.ids
    assert [feature.name for feature in read.features] == ["age", "spend", "frequency"]
    assert list(read.groups) == ["gender"]
    assert np.isnan(read.rows[4, 1])
    monkeypatch.setattr("eddyline.cases.report.find_spec", lambda name: None)
    assert main(["case", "shop", "--data", str(file), "--segments", "4"]) == 0
    said = capsys.readouterr().out
    assert "120 customers in 4 segments" in said
    assert "Does a segment follow gender?" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n", "no rows"),
        ("", "empty"),
        ("name,spend\nann,3\nbob,4\n", "two columns or more of numbers"),
        ("a,a\n1,2\n", "more than one column 'a'"),
        ("a,b\n1\n", "row 2 has 1 values"),
        ("a,b\n" + "".join(f"{n},{2 * n}.5\n" for n in (1, 5, 2, 8, 3, 9, 4, 7)), "two columns or more of numbers"),
    ],
)
def test_a_file_that_cannot_be_segmented_is_refused_in_a_sentence(text, said, tmp_path, capsys):
    file = tmp_path / "customers.csv"
    file.write_text(text)
    assert main(["case", "shop", "--data", str(file)]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert said in written.err
    assert written.err.count("\n") == 1


def test_too_few_customers_and_no_file_are_refused(tmp_path, capsys):
    file = tmp_path / "few.csv"
    file.write_text("spend,frequency\n" + "".join(f"{n * 7.5},{n * n}\n" for n in range(1, 13)))
    assert main(["case", "shop", "--data", str(file), "--segments", "8"]) == 2
    assert "12 customers are too few" in capsys.readouterr().err
    assert main(["case", "shop", "--data", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
    with pytest.raises(DataError):
        read_shoppers(tmp_path)


def test_without_matplotlib_the_report_is_told_and_says_how_to_get_pictures(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("eddyline.cases.report.find_spec", lambda name: None)
    assert main(["case", "shop", "--customers", "60"]) == 0
    assert "pip install 'eddyline[plots]'" in capsys.readouterr().out
    assert list(tmp_path.glob("*.html")) == []
    assert main(["case", "shop", "--customers", "60", "--out", "a.html"]) == 2
    assert main(["case", "shop", "--customers", "60", "--out", "a.pdf"]) == 2
    assert "must end in .html" in capsys.readouterr().err
