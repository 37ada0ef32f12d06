"""Customers of a bank: made up with known probabilities, or those of a file, in the words of their case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_words import CALLS, LOANS, OTHER, Words
from eddyline.cases.fairness import of_age, of_people
from eddyline.compare.columns import Column
from eddyline.compare.table import Table, read_table
from producers.datasets.files import open_text
from stream.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Customers:
    """Rows to learn from, in order.

    Attributes
    ----------
    table
        Features and labels; what must not decide is not among the columns.
    groups
        Name -> group of each customer, for whom rates are told.
    protected
        Columns that must not decide.
    names
        Column -> its words.
    words
        How the case is told.
    truth
        Probability of each, shape [n]; None where nobody knows.
    """

    table: Table
    groups: Mapping[str, tuple[str, ...]]
    protected: tuple[Column, ...]
    names: Mapping[str, str]
    words: Words
    truth: Array | None = None

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.intp]) -> Customers:
        """Some of them, in the order of `rows`."""
        table = self.table
        return Customers(
            replace(
                table,
                columns=tuple(replace(one, values=one.values[rows]) for one in table.columns),
                labels=table.labels[rows],
                times=None if table.times is None else table.times[rows],
            ),
            {name: tuple(members[row] for row in rows.tolist()) for name, members in self.groups.items()},
            tuple(replace(one, values=one.values[rows]) for one in self.protected),
            self.names,
            self.words,
            None if self.truth is None else self.truth[rows],
        )


_NAMES = {
    "income": "income (thousand EUR a year)",
    "debt": "debt (thousand EUR)",
    "age": "age",
    "employed": "years in the job",
    "late_payments": "late payments in two years",
    "accounts": "open credit accounts",
}


def made_up(customers: int, seed: int = 7) -> Customers:
    """Customers with known probabilities of default.

    Notes
    -----
    The log-odds add up late payments, the logarithms of income and of debt by income, and the root of the years in the
    job. Age and sex have no part in them. Women earn 18 % less, the unadjusted gap of several European
    countries: by income, which has a part, a model that does not know the sex still treats the two differently.

    Examples
    --------
    >>> customers = made_up(1_000)
    >>> round(float(customers.truth.mean()), 2), sorted(customers.groups)
    (0.22, ['age', 'sex'])
    """
    rng = np.random.default_rng(seed)
    n = customers
    female = rng.random(n) < 0.5
    age = np.clip(np.round(rng.gamma(3.0, 7.0, n) + 20), 20, 80)
    employed = np.floor(rng.beta(1.2, 2.5, n) * (age - 18))
    income = np.round(np.exp(rng.normal(3.45, 0.42, n)) * np.where(female, 0.82, 1.0), 1)
    debt = np.round(income * np.exp(rng.normal(-1.1, 0.8, n)), 1)
    late = rng.poisson(0.35 + 0.9 * rng.random(n) ** 3, n).astype(float)
    accounts = rng.poisson(2.2, n).astype(float)
    logit = (
        -1.85
        + 0.85 * np.minimum(late, 5)
        + 0.8 * (np.log((debt + 1) / income) + 1.05)
        - 0.42 * (np.sqrt(employed) - 2.3)
        - 0.8 * (np.log(income) - 3.4)
        - 0.25
    )
    truth = np.asarray(1 / (1 + np.exp(-logit)))
    labels = rng.random(n) < truth
    columns = tuple(
        Column(name, "number", values)
        for name, values in zip(_NAMES, (income, debt, age, employed, late, accounts), strict=True)
    )
    sex = Column("sex", "category", female.astype(float), ("male", "female"))
    table = Table("defaulted", "yes", columns, labels, ordered=True)
    groups = {"sex": _texts(sex), "age": _ages(age)}
    return Customers(table, groups, (sex,), _NAMES, LOANS, truth)


_MONTHS = ("September", "August", "July", "June", "May", "April")
_CREDIT = {
    "X1": "credit limit",
    "X3": "education (1 graduate school, 2 university, 3 high school)",
    "X5": "age",
    **{f"X{6 + at}": f"months behind in {month} (below 1: none)" for at, month in enumerate(_MONTHS)},
    **{f"X{12 + at}": f"bill of {month}" for at, month in enumerate(_MONTHS)},
    **{f"X{18 + at}": f"paid in {month}" for at, month in enumerate(_MONTHS)},
}
_CAMPAIGN = {
    "marital": "marital status",
    "default": "credit in default",
    "housing": "housing loan",
    "loan": "personal loan",
    "campaign": "calls in this campaign",
    "pdays": "days since the last campaign (999: never)",
    "previous": "calls before this campaign",
    "poutcome": "outcome of the last campaign",
    "emp.var.rate": "change in employment (%)",
    "cons.price.idx": "consumer prices",
    "cons.conf.idx": "consumer confidence",
    "euribor3m": "interest for 3 months (%)",
    "nr.employed": "people employed (thousand)",
}
_CODES = {"X2": ("sex", ("", "male", "female")), "X4": ("marriage", ("other", "married", "single", "other"))}
_MOST_GROUPS = 12


def read_customers(file: Path, target: str | None = None, positive: str | None = None) -> Customers:
    """Customers of a CSV file in the order of its rows: the UCI sets `credit_card_default` and `bank_additional_full`
    by their own columns, any other by its target and the value of it that counts as happened.

    Sex and what else must not decide is kept out of the features, and looked at afterwards (`of_people`; age is a
    feature, and looked at too). The duration of a call is left out: it is known only when the outcome is.

    Raises
    ------
    InputError
        Where the target is not told, or not there.
    DataError
        Where there is nothing to learn from.
    """
    header = _header(file)
    if {"X1", "X23", "Y"} <= set(header) and target is None:
        table, names, words = read_table(file, "Y", ordered=True), _CREDIT, LOANS
    elif {"y", "duration", "euribor3m"} <= set(header) and target is None:
        table, names, words = read_table(file, "y", ordered=True, drop=["duration"]), _CAMPAIGN, CALLS
    elif target is None:
        raise InputError(f"which column of {file} is to be predicted? Say it by --target; there are {_listed(header)}")
    else:
        table, names, words = read_table(file, target, positive=positive, ordered=True), {}, OTHER
    codes = _CODES if words is LOANS else {}
    protected = tuple(
        one for one in table.columns if one.name in codes or (of_people(one.name) and not of_age(one.name))
    )
    used = tuple(one for one in table.columns if one not in protected)
    if not used:
        raise InputError(f"{file} has no column left to learn from beside {table.target!r}")
    groups = {}
    for one in protected:
        if one.name in codes:
            name, texts = codes[one.name]
            groups[name] = _coded(one, texts)
        elif len(set(members := _texts(one))) <= _MOST_GROUPS:
            groups[names.get(one.name, one.name)] = members
    age = next((one for one in used if names.get(one.name, one.name).lower() == "age" and one.kind == "number"), None)
    if age is not None:
        groups["age"] = _ages(age.values)
    shown = {one.name: one.name.replace("_", " ").replace(".", " ") for one in used} | dict(names)
    table = replace(table, columns=used)
    return Customers(table, groups, protected, shown, words)


def _header(file: Path) -> list[str]:
    with open_text(file) as text:
        first = text.readline()
    delimiter = max(",;\t", key=first.count)
    return [name.strip().strip('"') for name in first.split(delimiter)]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def _texts(column: Column) -> tuple[str, ...]:
    """The groups of a column of few values."""
    if column.kind == "category":
        return tuple("unknown" if np.isnan(at) else column.categories[int(at)] for at in column.values)
    return tuple("unknown" if np.isnan(value) else f"{value:g}" for value in column.values.tolist())


def _coded(column: Column, codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        codes[int(value)] if np.isfinite(value) and 0 <= value < len(codes) and codes[int(value)] else "other"
        for value in column.values.tolist()
    )


def _ages(age: Array) -> tuple[str, ...]:
    names = ("29 and below", "30 to 44", "45 to 59", "60 and above")
    places = np.searchsorted([30, 45, 60], age, side="right")
    return tuple(
        "unknown" if np.isnan(own) else names[at] for own, at in zip(age.tolist(), places.tolist(), strict=True)
    )
