"""Rows to cluster: what is made up here has a known truth, what is real is scaled by the product's preprocessing."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from eddyline.embedded import embedded
from producers.datasets import online_retail
from stream.config import preset
from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.settings import Measured

Array = NDArray[np.float64]
Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Stream:
    """Scaled rows in the order in which they come.

    Attributes
    ----------
    name
        As the table calls it.
    X
        Shape [n, d].
    k
        Clusters that every algorithm is asked for.
    bar
        Largest acceptable ratio of the sum of squared errors to that of batch k-means.
    truth
        Shape [n], or None where nobody knows.
    """

    name: str
    X: Array
    k: int
    bar: float
    truth: Labels | None = None


def made_up(rows: int) -> Iterator[Stream]:
    """Stationary streams of so many rows; digits has 1,797 at most."""
    for name, spread in (("blobs", 0.05), ("overlapping", 0.25)):
        X, truth = _blobs(rows, spread)
        yield Stream(name, X, 5, 1.02, truth)
    yield Stream("RFM-like, skewed", _scaled(customers(rows), log=(True, True, True, True, False)), 5, 1.02)
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.data))[:rows]
    yield Stream("digits", digits.data[order] / 16, 10, 1.02, digits.target[order].astype(np.intp))


def real(folder: Path) -> Iterator[Stream]:
    """Real data found in a folder, as `wholesale_customers.csv.gz` and so on (UCI); what is not there is left out."""
    for name, load in REAL.items():
        file = folder / f"{name}.csv.gz"
        if file.exists():
            yield Stream(name, load(file), 5, 1.05)


def drifting(rows: int) -> tuple[Array, Labels]:
    """Five kinds of rows in 8 dimensions that wander all the time; one dies at 40 %, another is born at 60 %."""
    rng = np.random.default_rng(3)
    kinds, d = 6, 8
    start = rng.random((kinds, d))
    way = 0.5 * (rng.random((kinds, d)) - start)
    when = np.arange(rows) / rows
    truth = rng.integers(0, kinds - 1, rows)
    first = truth == 0
    without = first & (when > 0.4) & (when <= 0.6)
    truth[without] = rng.integers(1, kinds - 1, int(without.sum()))
    truth[first & (when > 0.6)] = kinds - 1
    X = start[truth] + when[:, None] * way[truth] + rng.normal(0, 0.05, (rows, d))
    return X, truth.astype(np.intp)


def customers(rows: int, seed: int = 2) -> Array:
    """Recency, frequency, spend, gap, refund share: raw and skewed like a shop's, NaN where there is nothing."""
    rng = np.random.default_rng(seed)
    loyal = rng.random(rows) < 0.2
    frequency = np.where(loyal, rng.geometric(0.08, rows), rng.geometric(0.6, rows)).astype(np.float64)
    spend = rng.lognormal(3.5, 0.9, rows) * frequency
    recency = np.where(loyal, rng.exponential(15, rows), rng.exponential(120, rows))
    gap = np.where(frequency > 1, 200 / frequency * rng.lognormal(0, 0.3, rows), np.nan)
    refunds = np.where(rng.random(rows) < 0.04, rng.random(rows), 0.0)
    return np.column_stack([recency, frequency, spend, gap, refunds])


def _blobs(rows: int, spread: float, d: int = 8, k: int = 5) -> tuple[Array, Labels]:
    rng = np.random.default_rng(1)
    centres = rng.random((k, d))
    truth = rng.integers(0, k, rows)
    return np.clip(centres[truth] + rng.normal(0, spread, (rows, d)), 0, 1), truth.astype(np.intp)


def _scaled(rows: Array, log: tuple[bool, ...]) -> Array:
    features = [Measured(name=f"column_{place}", log=flag) for place, flag in enumerate(log)]
    return Preprocessing.fit(rows, features).transform_many(rows)


def _online_retail(file: Path) -> Array:
    """The shop's customers at the end of the year, scaled as the adopted model scales them."""
    with embedded(preset("shop"), partitions=4) as product:
        product.process(online_retail.events(file), chunk=20_000)
        engines = product.engines
        clock = max(engine.clock for engine in engines)
        rows = np.concatenate([engine.customers.read(list(engine.customers), clock) for engine in engines])
        model = engines[0].model.segments
    if model is None:
        raise ValueError(f"{file} has too few customers for segments")
    return _shuffled(model.scaling.transform_many(rows))


def _shoppers(file: Path) -> Array:
    """Ten numeric columns: pages and seconds by kind of page, and rates; counts are shortened."""
    columns = (
        "Administrative",
        "Administrative_Duration",
        "Informational",
        "Informational_Duration",
        "ProductRelated",
        "ProductRelated_Duration",
        "PageValues",
        "BounceRates",
        "ExitRates",
        "SpecialDay",
    )
    return _scaled(_table(file, columns), log=(True,) * 7 + (False,) * 3)


def _wholesale(file: Path) -> Array:
    """Annual spend in six categories."""
    columns = ("Fresh", "Milk", "Grocery", "Frozen", "Detergents_Paper", "Delicassen")
    return _scaled(_table(file, columns), log=(True,) * 6)


def _table(file: Path, columns: tuple[str, ...]) -> Array:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        rows = [[float(row[column]) for column in columns] for row in csv.DictReader(lines)]
    return _shuffled(np.array(rows))


def _shuffled(rows: Array) -> Array:
    """In a random order: files are sorted by something, and that is another question than how well one clusters."""
    shuffled: Array = rows[np.random.default_rng(0).permutation(len(rows))]
    return shuffled


REAL = {
    "online_retail": _online_retail,
    "online_shoppers_intention": _shoppers,
    "wholesale_customers": _wholesale,
}
