"""`eddyline evaluate compare` as a user runs it."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

from eddyline.cli.output import progress


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(1)
    size = rng.normal(size=1_500)
    bought = rng.random(1_500) < 1 / (1 + np.exp(1 - 2 * size))
    rows = [
        f"{one:.4f};{'yes' if answer else 'no'};{'yes' if answer else ''}"
        for one, answer in zip(size, bought, strict=True)
    ]
    path = tmp_path / "visits.csv"
    path.write_text("\n".join(["size;bought;receipt", *rows]) + "\n")
    return path


def test_json(eddyline, table):
    done = eddyline("evaluate", "compare", "--csv", str(table), "--target", "bought", "--models", "logistic", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert list(document) == ["rows", "target", "models", "warnings"]
    assert [(one["name"], one["kind"]) for one in document["models"]] == [
        ("logistic", "online"),
        ("logistic (frozen)", "online"),
        ("logistic", "batch"),
    ]
    assert any("'receipt' is filled in only where the target happened" in warning for warning in document["warnings"])


def test_a_table_for_people(eddyline, table):
    arguments = ("--csv", str(table), "--target", "bought", "--drop", "receipt", "--ordered", "--models", "logistic")
    done = eddyline("evaluate", "compare", *arguments, "--segments", "3")
    assert done.returncode == 0, done.stderr
    for words in ("1,500 rows, 1 features", "Split by time", "logistic (frozen)", "Silhouette", "DBSCAN"):
        assert words in done.stdout
    assert "probably" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--csv FILE --target COLUMN"),
        (["--csv", "FILE"], "--target COLUMN"),
        (["--csv", "FILE", "--target", "sold"], "no column 'sold'"),
        (["--csv", "FILE", "--target", "Bought"], "did you mean 'bought'"),
        (["--csv", "FILE", "--target", "bought", "--models", "oracle"], "no model 'oracle'"),
        (["--csv", "FILE", "--target", "bought", "--retrain", "daily"], "--time"),
        (["--csv", "FILE", "--target", "size"], "--positive"),
        (["--csv", "none.csv", "--target", "bought"], "there is no file none.csv"),
    ],
)
def test_refusals(eddyline, table, arguments, words):
    done = eddyline("evaluate", "compare", *(str(table) if one == "FILE" else one for one in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_events_say_that_they_are_read(eddyline, tmp_path):
    done = eddyline("evaluate", "compare", "--events", str(tmp_path / "none.csv"), "--target", "orders_again")
    assert done.returncode == 2
    assert done.stderr.startswith(f"reading {tmp_path / 'none.csv'}; a year of a shop takes some minutes\n")


@pytest.mark.parametrize(("total", "shown"), [(None, "550,075"), (600_000, "550075/600000")])
def test_progress_shows_a_total_only_where_there_is_one(monkeypatch, total, shown):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", screen := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress("Processing", total) as advance:
        advance(550_075)
    assert shown in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "?" not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
