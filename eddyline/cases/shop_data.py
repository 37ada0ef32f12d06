"""Customers of a shop as a table: a hundred made up, of five kinds that are known, or those of a file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import Column, column
from eddyline.compare.table import read_cells
from stream.config import Feature
from stream.errors import DataError

FEW = 10
"""A column with at most so many different values tells groups apart rather than measures anything."""

_SKEWED = 1.0  # from which on a column is shortened by log


@dataclass(frozen=True)
class Shoppers:
    """Customers and what is known of them.

    Attributes
    ----------
    ids
        n of them.
    features
        What segments are made of, d of them.
    rows
        Their values, shape [n, d].
    groups
        Column -> group of each customer, such as gender: looked at afterwards, and no part of the segments.
    truth
        The kind that each was made of; empty where nobody knows.
    """

    ids: tuple[str, ...]
    features: tuple[Feature, ...]
    rows: NDArray[np.float64]
    groups: Mapping[str, tuple[str, ...]]
    truth: tuple[str, ...] = ()


class Kind(NamedTuple):
    """A kind of customer: share of all, and means; ages and visits vary normally, spend log-normally."""

    name: str
    share: float
    age: float
    age_sd: float
    visits: float
    visits_sd: float
    spend: float


KINDS = (
    Kind("regulars", 0.29, 44, 7, 22, 5.0, 1500),
    Kind("young", 0.19, 23, 3, 13, 4.0, 330),
    Kind("treats", 0.13, 54, 6, 3, 1.2, 1700),
    Kind("passers-by", 0.21, 38, 8, 3, 1.2, 170),
    Kind("neighbours", 0.14, 69, 5, 30, 6.0, 620),
)
"""Those that come often and spend; the young with little money; a few large purchases; hardly ever; often and small."""

NOBODY = "like nobody"
"""The rest: drawn anywhere between the least and the most."""

_SPREAD = 0.38  # of the logarithm of spend

FEATURES = (
    Feature(name="age", aggregate="trait", value="age", unit="years", description="Age", high="older", low="young"),
    Feature(
        name="spend",
        aggregate="trait",
        value="spend",
        log=True,
        unit="EUR",
        description="Money spent in a year",
        high="high spend",
        low="low spend",
    ),
    Feature(
        name="frequency",
        aggregate="trait",
        value="frequency",
        log=True,
        unit="purchases",
        description="Purchases in a year",
        high="frequent",
        low="rare",
    ),
)


def made_up(customers: int = 100, seed: int = 7) -> Shoppers:
    """Customers of the five `KINDS`, and a few like `NOBODY`. Half are women, whatever their kind:
    what follows gender is an artefact.

    Examples
    --------
    >>> shoppers = made_up()
    >>> shoppers.rows.shape, [feature.name for feature in shoppers.features], sorted(set(shoppers.groups["gender"]))
    ((100, 3), ['age', 'spend', 'frequency'], ['female', 'male'])
    """
    rng = np.random.default_rng(seed)
    counts = [round(kind.share * customers) for kind in KINDS]
    rows, truth = [], []
    for kind, count in zip(KINDS, counts, strict=True):
        age = np.clip(np.round(rng.normal(kind.age, kind.age_sd, count)), 16, 95)
        spend = np.round(kind.spend * np.exp(rng.normal(0, _SPREAD, count)), 2)
        visits = np.maximum(1, np.round(rng.normal(kind.visits, kind.visits_sd, count)))
        rows.append(np.column_stack([age, spend, visits]))
        truth += [kind.name] * count
    odd = customers - len(truth)
    rows.append(
        np.column_stack(
            [
                np.round(rng.uniform(18, 85, odd)),
                np.round(np.exp(rng.uniform(math.log(100), math.log(5_000), odd)), 2),
                np.round(np.exp(rng.uniform(0, math.log(60), odd))),
            ]
        )
    )
    truth += [NOBODY] * odd
    order = rng.permutation(customers)
    genders = rng.permutation(np.where(np.arange(customers) % 2 == 0, "female", "male"))
    width = len(str(customers))
    return Shoppers(
        tuple(f"c{number:0{width}}" for number in range(1, customers + 1)),
        FEATURES,
        np.concatenate(rows)[order],
        {"gender": tuple(genders.tolist())},
        tuple(truth[place] for place in order.tolist()),
    )


def read_shoppers(file: Path) -> Shoppers:
    """Customers of a CSV file, gzipped or not, one a row.

    Numbers of more than ten different values are what segments are made of, shortened by log where their tail is long.
    Columns of fewer values are groups that are looked at afterwards. A column that is an id names the customers.

    Raises
    ------
    DataError
        When the file cannot be read, has no rows, or fewer than two columns of numbers.
    """
    header, cells = read_cells(file)
    columns = [column(name, texts) for name, texts in zip(header, cells, strict=True)]
    ids = next((place for place, one in enumerate(columns) if one.identifies), None)
    measures = [one for place, one in enumerate(columns) if place != ids and _measures(one)]
    if len(measures) < 2:
        raise DataError(
            f"{file}: segments need two columns or more of numbers, such as spend and frequency, and there are "
            f"{len(measures)} with more than {FEW} different values; the columns are {', '.join(header)}"
        )
    groups = {
        one.name: tuple(text.strip() or "unknown" for text in texts)
        for one, texts in zip(columns, cells, strict=True)
        if one not in measures and 1 < len(set(texts)) <= FEW
    }
    rows = len(cells[0])
    names = cells[ids] if ids is not None else [f"row{number:0{len(str(rows))}}" for number in range(1, rows + 1)]
    return Shoppers(
        tuple(names),
        tuple(_feature(one) for one in measures),
        np.column_stack([one.values for one in measures]),
        groups,
    )


def _measures(one: Column) -> bool:
    return one.kind == "number" and len(np.unique(one.known)) > FEW


def _feature(one: Column) -> Feature:
    known = one.known
    spread = known.std()
    skew = float((((known - known.mean()) / spread) ** 3).mean()) if spread else 0.0
    spelt = re.sub("[^a-z0-9]+", "_", one.name.lower()).strip("_")
    spelt = spelt if spelt[:1].isalpha() else f"x_{spelt}"
    words = one.name.replace("_", " ").strip()
    return Feature(
        name=spelt,
        aggregate="trait",
        value=spelt,
        log=bool(known.min() >= 0 and skew > _SKEWED),
        description=words,
        high=f"high {words.lower()}",
        low=f"low {words.lower()}",
    )
