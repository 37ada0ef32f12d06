"""Who orders again within 30 days? The engine over a year of a real shop, beside a rule of recency and frequency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scoring.measures import Figure
from sklearn.metrics import roc_auc_score

from eddyline.compare.history import read_history
from eddyline.compare.metrics import calibration_error
from producers.datasets import online_retail
from stream.config import preset

Array = NDArray[np.float64]

NAME = "online_retail"

_NEVER = 1e9  # days since the last order of those who have none
_BETTER = 0.02
_CALIBRATED = 0.02


def figures(file: Path) -> Iterator[Figure]:
    """AUC of published scores and of the best rule, at the same moments, with the same labels: the second half."""
    table = read_history(online_retail.events(file), preset("shop"), "orders_again")
    half = slice(len(table) // 2, None)
    values = {column.name: column.values[half] for column in table.columns}
    labels = table.labels[half]
    assert table.published is not None
    said = table.published[half]
    ours = float(roc_auc_score(labels, said))
    rules = {name: float(roc_auc_score(labels, scores)) for name, scores in _rules(values).items()}
    best = max(rules, key=lambda name: rules[name])
    of = "Online Retail, orders again in 30 days"
    yield Figure("AUC of the published score", of, ours)
    for name, auc in rules.items():
        yield Figure(f"AUC of the rule: {name}", of, auc)
    yield Figure(f"AUC above the best rule, {best}", of, ours - rules[best], least=_BETTER)
    yield Figure(
        "calibration error of the published score, second half", of, calibration_error(labels, said), most=_CALIBRATED
    )


def _rules(values: dict[str, Array]) -> dict[str, Array]:
    """By recency, by frequency, and by the sum of both in fifths, as RFM tables have it."""
    recency = np.nan_to_num(values["recency"], nan=_NEVER)
    recent, often = -recency, values["frequency"]
    return {"recency": recent, "frequency": often, "recency and frequency in fifths": _fifths(recent) + _fifths(often)}


def _fifths(values: Array) -> Array:
    borders = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    return np.searchsorted(borders, values, side="left").astype(np.float64)
