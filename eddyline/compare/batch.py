"""What a data scientist would run at night: scikit-learn, on the same features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from eddyline.compare.columns import Array
from eddyline.compare.split import Labels, Places
from stream.errors import DataError
from stream.preprocessing.settings import Measured

MODELS = ("logistic", "tree", "forest", "network")
"""Logistic regression, decision tree, random forest, neural network."""

_SEED = 7
_FEWEST = 10  # rows of each class of which a tenth can be held out


class Batch:
    """A scikit-learn classifier on features that are imputed, shortened and standardised as it needs.

    Numbers with a long tail are shortened by log1p, as for the online models: both sides have the same features.

    Parameters
    ----------
    kind
        One of `MODELS`.
    features
        What is declared of each column, d of them.

    Notes
    -----
    Settings are scikit-learn's own, but for what a practitioner would not leave: a tree is held at depth 8 and leaves
    of 50 rows, since a full one has no probabilities; the network stops early on a tenth of its rows, where there are
    ten of each class. The forest has 100 full trees, as published results do.
    """

    def __init__(self, kind: str, features: Sequence[Measured]) -> None:
        self.kind = kind
        self._log = np.array([feature.log for feature in features])
        self._pipeline = _pipeline(kind)

    def learn_many(self, raw: Array, labels: Labels) -> Batch:
        """Learn afresh from rows [n, d], NaN where missing, and labels, shape [n]."""
        from sklearn.exceptions import ConvergenceWarning

        if self.kind == "network":
            happened = int(labels.sum())
            enough = min(happened, len(labels) - happened) >= _FEWEST
            self._pipeline.set_params(mlpclassifier__early_stopping=enough)
        with catch_warnings():  # of few rows, the network is taken as it is after the last of its epochs
            simplefilter("ignore", ConvergenceWarning)
            self._pipeline.fit(self._shortened(raw), labels)
        return self

    def predict_proba_many(self, raw: Array) -> Array:
        """Probabilities of rows [n, d], shape [n]."""
        found: Array = self._pipeline.predict_proba(self._shortened(raw))[:, 1]
        return found

    def _shortened(self, raw: Array) -> Array:
        made = raw.copy()
        columns = made[:, self._log]
        made[:, self._log] = np.sign(columns) * np.log1p(np.abs(columns))
        return made


def _pipeline(kind: str) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    scale = [StandardScaler()] if kind in ("logistic", "network") else []
    return make_pipeline(impute, *scale, _classifier(kind))


def _classifier(kind: str) -> Any:
    if kind == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(max_iter=2_000)
    if kind == "tree":
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(max_depth=8, min_samples_leaf=50, random_state=_SEED)
    if kind == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=100, random_state=_SEED, n_jobs=1)
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(hidden_layer_sizes=(64, 32), random_state=_SEED)


def retrained(
    model: Batch,
    raw: Array,
    labels: Labels,
    periods: Places,
    start: int,
    known: Places | None = None,
    *,
    unit: str = "month",
) -> Array:
    """Probabilities of the rows from `start` on, each by a model retrained at the beginning of its period on all rows
    of the periods before.

    Parameters
    ----------
    model
        To learn afresh each time.
    raw
        Rows in order of time, shape [n, d].
    labels
        Shape [n].
    periods
        Number of each row's period, ascending, shape [n].
    start
        First row to score.
    known
        Rows whose outcome is known when a row comes, ascending, shape [n]; default: those of all rows before it.
    unit
        What a period is called.

    Returns
    -------
    Array
        Shape [n - start].

    Raises
    ------
    DataError
        Where what is known before the period of the first row to score holds only one class.
    """
    scores = np.empty(len(raw) - start)
    for period in np.unique(periods[start:]).tolist():
        first, end = np.searchsorted(periods, [period, period + 1]).tolist()
        past = first if known is None else int(known[first])
        if len(np.unique(labels[:past])) < 2:
            raise DataError(
                f"to retrain by {unit}, the past holds no {unit} with both outcomes known before the first one of the "
                f"test: give a longer history, or retrain {'once' if unit == 'day' else 'daily or once'}"
            )
        model.learn_many(raw[:past], labels[:past])
        own = slice(max(first, start), end)
        scores[own.start - start : end - start] = model.predict_proba_many(raw[own])
    return scores
