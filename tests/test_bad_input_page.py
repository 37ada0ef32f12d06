"""The page of bad inputs and bad states names tests that exist, and every code of a refusal."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import stream.events

ROOT = Path(__file__).parents[1]
CODES = set(re.findall(r"^([a-z_]+) {2,}", stream.events.__doc__ or "", re.MULTILINE)) - {"code"}
_OUTCOMES = (
    "dead letter `",
    "refused",
    "applied",
    "recovered",
    "left out",
    "waited for",
    "bounded",
    "what is left",
    "the t",
)


def rows() -> list[list[str]]:
    """Cells of each row: what, …, outcome, test."""
    lines = (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[-1] != "test"]


@cache
def names(file: str) -> set[str]:
    """Tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_there_are_many_and_each_is_another() -> None:
    kinds = [row[0] for row in rows()]
    assert len(kinds) == len(set(kinds)) >= 40


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_has_an_outcome_and_a_test_that_exists(row: list[str]) -> None:
    *_, outcome, test = row
    assert outcome.startswith(_OUTCOMES)
    file, _, name = test.rpartition("::")
    assert name in names(file)


def test_every_code_is_on_the_page_and_no_other() -> None:
    said = {code for row in rows() for code in re.findall(r"dead letter `(\w+)`", row[-2])}
    assert said == CODES
