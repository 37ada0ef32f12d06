"""Reading someone's table: types, what is left out, and every way in which it can be bad."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest

from eddyline.compare.table import Table, read_table
from stream.errors import DataError, InputError


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "table.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def rows(*columns: list[object], names: str, mark: str = ",") -> str:
    lines = [mark.join(names.split()), *(mark.join(map(str, row)) for row in zip(*columns, strict=True))]
    return "\n".join(lines) + "\n"


def kinds(table: Table) -> dict[str, str]:
    return {column.name: column.kind for column in table.columns}


NUMBERS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
ANSWERS = ["yes", "no"] * 5


@pytest.mark.parametrize(("mark", "name"), [(",", "a.csv"), (";", "a.csv.gz"), ("\t", "a.tsv")])
def test_separators_and_gzip(write, mark, name):
    table = read_table(write(rows(NUMBERS, ANSWERS, names="size bought", mark=mark), name), "bought")
    assert kinds(table) == {"size": "number"}
    assert table.positive == "yes"
    assert table.labels.tolist() == [True, False] * 5
    assert table.columns[0].values.tolist() == NUMBERS


def test_types(write):
    text = rows(
        ["1,5", "2,25", "NA", "-3,0", "", "7,5", "1,0", "2,0", "3,0", "4,0"],
        ["true", "False"] * 5,
        ["2024-05-01", "2024-05-02T06:00:00+00:00"] * 5,
        ["jan", "feb", "mar", "jan", "?"] * 2,
        ["monday", "1e300", "1e300", "tuesday", "inf"] * 2,
        ANSWERS,
        names="amount member since month day bought",
        mark=";",
    )
    table = read_table(write(text), "bought")
    assert kinds(table) == {
        "amount": "number",
        "member": "boolean",
        "since": "date",
        "month": "category",
        "day": "category",
    }
    amount, member, since, month, _ = (column.values for column in table.columns)
    assert amount[:2].tolist() == [1.5, 2.25]
    assert math.isnan(amount[2])
    assert math.isnan(amount[4])
    assert member[:2].tolist() == [1, 0]
    assert since[1] - since[0] == 1.25
    assert math.isnan(month[4])


def test_numbers_beyond_reason_are_missing(write):
    table = read_table(write(rows(["1e300", "inf", "nan", *range(7)], ANSWERS, names="a bought")), "bought")
    assert np.isnan(table.columns[0].values[:3]).all()
    assert np.isfinite(table.columns[0].values[3:]).all()


def test_mixed_types_become_categories_and_it_is_said(write):
    table = read_table(write(rows([*range(9), "many"], ANSWERS, names="a bought")), "bought")
    assert kinds(table) == {"a": "category"}
    assert any("'a' mixes numbers and text such as 'many'" in note for note in table.notes)


def test_ids_and_constants_are_left_out_and_it_is_said(write):
    number = list(range(1, 41))
    text = rows(
        [f"c{one}" for one in number],
        number,
        ["same"] * 40,
        [""] * 40,
        [one % 7 for one in number],
        ["a", "b"] * 20,
        names="customer row constant empty size bought",
    )
    table = read_table(write(text), "bought")
    assert kinds(table) == {"size": "number"}
    assert any("same in all rows" in note and "'constant', 'empty'" in note for note in table.notes)
    assert any("ids" in note and "'customer', 'row'" in note for note in table.notes)


def test_amounts_that_happen_to_differ_are_no_ids(write):
    amounts = [37 * one % 101 for one in range(40)]
    table = read_table(write(rows(amounts, ["a", "b"] * 20, names="amount bought")), "bought")
    assert kinds(table) == {"amount": "number"}


def test_rows_without_an_answer_are_left_out(write):
    table = read_table(write(rows(NUMBERS, ["yes", "no", ""] * 3 + ["no"], names="a bought")), "bought")
    assert len(table) == len(table.columns[0].values) == 7
    assert any("Left out are 3 rows without 'bought'" in note for note in table.notes)


@pytest.mark.parametrize(
    ("answers", "positive"), [("01", "1"), ("NY", "Y"), (["FALSE", "TRUE"], "TRUE"), (["-1", "1"], "1")]
)
def test_what_counts_as_happened_is_seen(write, answers, positive):
    assert read_table(write(rows(NUMBERS, list(answers) * 5, names="a b")), "b").positive == positive


def test_the_rarer_of_two_texts_counts_as_happened(write):
    assert read_table(write(rows(NUMBERS, ["stays"] * 7 + ["left"] * 3, names="a b")), "b").positive == "left"


def test_more_than_two_answers_need_a_choice(write):
    path = write(rows(NUMBERS, ["gold", "silver"] * 4 + ["bronze"] * 2, names="a tier"))
    with pytest.raises(InputError, match=r"3 values.*--positive"):
        read_table(path, "tier")
    assert read_table(path, "tier", positive="bronze").labels.sum() == 2
    with pytest.raises(InputError, match="never 'lead'"):
        read_table(path, "tier", positive="lead")


def test_by_time(write):
    days = ["2024-03-01", "2024-01-01", "", "2024-02-01", *["2024-04-01"] * 6]
    table = read_table(write(rows(NUMBERS, days, ANSWERS, names="a day bought")), "bought", time="day")
    assert table.ordered
    assert table.dated
    assert table.times is not None
    assert (np.diff(table.times) >= 0).all()
    assert table.columns[0].values.tolist() == [1, 1, 3, 5, 9, 2, 6, 5, 3]
    assert table.labels[:3].tolist() == [False, False, True]
    assert any("Left out are 1 rows without 'day'" in note for note in table.notes)
    assert kinds(table) == {"a": "number"}


def test_five_thousand_columns(write):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 9, (30, 5_000)).T.tolist()
    names = " ".join(f"c{place}" for place in range(5_000))
    table = read_table(write(rows(*values, ["y", "n"] * 15, names=f"{names} bought")), "bought")
    assert len(table.columns) > 4_900


@pytest.mark.parametrize(
    ("text", "options", "error", "words"),
    [
        ("", {}, DataError, "is empty"),
        ("a,bought\n", {}, DataError, "no rows"),
        ("a,b\n1,2\n", {}, InputError, "no column 'bought'; its 2 columns are 'a', 'b'"),
        ("a,bought,a\n1,2,3\n", {}, DataError, "more than one column 'a'"),
        ("a,,bought\n1,2,3\n", {}, DataError, "column 2 has no name"),
        ("a,bought\n1,yes\n2\n", {}, DataError, "row 3 has 1 values, but there are 2 columns"),
        ("a,bought\n1,yes\n2,yes\n", {}, DataError, "'yes' in all rows"),
        ("a,bought\n1,+\n2,-\n3,\n", {}, DataError, r"'\+' in all rows that have a value \('-' is read as missing\)"),
        ('a,"bought\nit",b\n1,yes,2\n', {}, DataError, "the name 'bought' in the header begins with a quote"),
        ("a,bought\n1,\n2,NA\n", {}, DataError, "no row with a value of 'bought'"),
        ("a,bought\n1,yes\n1,no\n", {}, InputError, "no column beside 'bought' that could tell anything"),
        ("a,bought\n1,yes\n2,no\n", {"drop": ["b"]}, InputError, "no column 'b'"),
        ("a,bought\n1,yes\n2,no\n", {"drop": ["bought"]}, InputError, "is the target"),
        ("a,t,bought\n1,x,yes\n2,z,no\n", {"time": "t"}, InputError, "neither dates nor numbers"),
        ("a,t,bought\n1,1,yes\n2,,no\n", {"time": "t"}, DataError, "both outcomes"),
    ],
)
def test_bad_tables_are_refused(write, text, options, error, words):
    with pytest.raises(error, match=words):
        read_table(write(text), "bought", **options)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        read_table(tmp_path / "none.csv", "bought")
