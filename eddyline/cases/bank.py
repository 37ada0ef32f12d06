"""The bank: customers scored before their outcome is known, online against batch, and a threshold by costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_data import Customers
from eddyline.cases.costs import Costs, Policy, curve, policy
from eddyline.cases.fairness import Treated, gap, treated
from eddyline.compare.batch import MODELS as BATCH
from eddyline.compare.batch import Batch
from eddyline.compare.encode import Encoder
from eddyline.compare.online import one_pass
from eddyline.compare.split import split
from stream.evaluate.outcomes import Outcomes
from stream.propensity.online import OnlineClassifier

Array = NDArray[np.float64]

NAMES = {
    "logistic": "Logistic regression",
    "tree": "Decision tree",
    "forest": "Random forest",
    "network": "Neural network",
}
ONLINE = "Logistic regression, online"
APPETITE = {"low": 2.0, "medium": 1.0, "high": 0.5}
"""Appetite for risk -> how many times the stated cost a missed case weighs."""

_LITTLE = 0.02  # in log-odds: not worth a word
_LOOKED_AT = 500  # of a group, to see which features its scores come by

TOP = 3
"""Reasons that are told."""


class Model(NamedTuple):
    """A model on the test rows: `spread` is the standard error of its AUC, `off` its mean distance from the truth."""

    name: str
    outcomes: Outcomes
    off: float | None

    @property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return self.outcomes.auc() or 0.5

    @property
    def spread(self) -> float:
        """Standard error of the AUC."""
        return self.outcomes.auc_spread() or 0.0


class Reason(NamedTuple):
    """A feature of a customer, its value, that of the middle customer, and what it adds to the log-odds."""

    feature: str
    value: float
    usual: float
    adds: float


class Carried(NamedTuple):
    """A feature by which scores of one group lie above those of another, and by how much in log-odds on average."""

    feature: str
    adds: float


class Explained(NamedTuple):
    """A customer's score with its reasons; `adds` of all features sum to log-odds less `base`."""

    row: int
    score: float
    decile: int
    happened: bool
    base: float
    total: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, eq=False)
class Bank:
    """What has come of it.

    Attributes
    ----------
    customers
        The stream.
    test
        Places of the rows that are measured: the last fifth.
    probability
        Of the test rows by the online model, each before it was learnt.
    models
        The online model first; then batch models, learnt once from all rows before the test.
    truth
        The true probabilities as a model; None where nobody knows.
    costs
        As stated.
    curve
        Thresholds, and cost a customer in the test.
    cheapest
        The cheapest threshold of the rows before the test.
    policies
        The chosen threshold first, then the naive rules: one half, nobody refused, everybody refused.
    appetite
        Appetite -> what its threshold means, at the stated costs.
    explained
        The least likely, the one nearest to the threshold, and the most likely.
    treated
        Groups by name -> how each of them fares in the second half of the stream.
    carried
        Groups by name -> features by which the group refused wrongly most often is scored above the one least often.
    protected_gain
        AUC of a batch logistic regression with the protected columns less that without; None where there are none.
    """

    customers: Customers
    features: int
    test: NDArray[np.intp]
    probability: Array
    models: tuple[Model, ...]
    truth: Model | None
    costs: Costs
    curve: tuple[Array, Array]
    cheapest: float
    policies: tuple[Policy, ...]
    appetite: Mapping[str, Policy]
    explained: tuple[Explained, ...]
    treated: Mapping[str, tuple[Treated, ...]]
    carried: Mapping[str, tuple[Carried, ...]]
    protected_gain: float | None

    @property
    def ages(self) -> bool:
        """Whether age is a feature."""
        names = self.customers.names
        return any(names[one.name].lower() == "age" for one in self.customers.table.columns)


def run(customers: Customers, costs: Costs, advance: Callable[[int], None] = lambda rows: None) -> Bank:
    """Stream the customers in order, and look at the last fifth.

    Parameters
    ----------
    customers
        In order.
    costs
        Of the two mistakes.
    advance
        Told how many rows have been gone through; the online model and each batch model goes through all.

    Raises
    ------
    DataError
        Where there are too few customers of an outcome.
    """
    table = customers.table
    parts = split(table.labels, ordered=True)
    encoder = Encoder.fit(table.columns, table.labels, parts.train)
    X, y = encoder.encode(table.columns), table.labels
    past, test = len(parts.past), parts.test
    online = OnlineClassifier("logistic", features=encoder.measured)
    said = one_pass(online, X, y, past, advance=advance).prequential
    scores = {ONLINE: said[past:]}
    for place, kind in enumerate(BATCH, 1):
        scores[f"{NAMES[kind]}, batch"] = (
            Batch(kind, encoder.measured).learn_many(X[:past], y[:past]).predict_proba_many(X[past:])
        )
        advance((place + 1) * len(y))
    truth = None if customers.truth is None else customers.truth[past:]
    models = tuple(
        Model(name, Outcomes.of(np.clip(found, 0, 1), y[past:]), _off(found, truth)) for name, found in scores.items()
    )
    own, half = scores[ONLINE], len(y) // 2
    fared = {
        name: treated(groups[half:], said[half:], y[half:], costs.threshold)
        for name, groups in customers.groups.items()
    }
    words = _words(encoder, customers)
    thresholds, before = curve(said[len(parts.train) : past], y[len(parts.train) : past], costs)
    chosen = costs.threshold
    policies = (
        policy("chosen", own, y[past:], chosen, costs),
        policy("half", own, y[past:], 0.5, costs),
        policy("nobody", own, y[past:], 1.01, costs),
        policy("everybody", own, y[past:], 0.0, costs),
    )
    appetite = {
        name: policy(name, own, y[past:], Costs(weight * costs.missed, costs.refused).threshold, costs)
        for name, weight in APPETITE.items()
    }
    return Bank(
        customers=customers,
        features=len(encoder.features),
        test=test,
        probability=own,
        models=models,
        truth=None if truth is None else Model("The truth", Outcomes.of(truth, y[past:]), 0.0),
        costs=costs,
        curve=curve(own, y[past:], costs),
        cheapest=float(thresholds[before.argmin()]),
        policies=policies,
        appetite=appetite,
        explained=_explained(online, words, X, y, test, chosen),
        treated=fared,
        carried={name: _carried(online, words, X, customers.groups[name], found) for name, found in fared.items()},
        protected_gain=_protected_gain(customers, parts.train, past),
    )


def steps(customers: Customers) -> int:
    """Rows that `run` goes through, to show how far it is."""
    return (1 + len(BATCH)) * len(customers)


def _off(found: Array, truth: Array | None) -> float | None:
    return None if truth is None else float(np.abs(found - truth).mean())


def _words(encoder: Encoder, customers: Customers) -> list[str]:
    """What each feature is called: a column's words, and of categories which ones."""
    columns, told = {column.name: column for column in customers.table.columns}, []
    for one in encoder.features:
        name = customers.names[one.column]
        if one.places is not None:
            texts = [columns[one.column].categories[int(place)] for place in one.places[:3]]
            rest = " is missing" if not texts else " is another"
            name += f" is {' or '.join(texts)}" if 0 < len(one.places) <= len(texts) else rest
        told.append(name)
    return told


def _explained(
    online: OnlineClassifier,
    words: list[str],
    X: Array,
    y: NDArray[np.bool_],
    test: NDArray[np.intp],
    at: float,
) -> tuple[Explained, ...]:
    """Three customers of the test, by the model as it is at the end."""
    model = online.model
    if model is None:
        return ()
    scores = online.predict_proba_many(X[test])
    usual = np.nanmedian(X, axis=0)
    places = [int(scores.argmax()), int(np.abs(scores - at).argmin()), int(scores.argmin())]
    told = []
    for place in dict.fromkeys(places):
        row = int(test[place])
        adds = online.contributions(X[row])
        order = np.argsort(-np.abs(adds), kind="stable")[:TOP].tolist()
        told.append(
            Explained(
                row,
                float(scores[place]),
                model.decile(float(scores[place])),
                bool(y[row]),
                model.base,
                float(adds.sum()),
                tuple(Reason(words[one], float(X[row, one]), float(usual[one]), float(adds[one])) for one in order),
            )
        )
    return tuple(told)


def _carried(
    online: OnlineClassifier, words: list[str], X: Array, groups: Sequence[str], found: Sequence[Treated]
) -> tuple[Carried, ...]:
    """What makes the scores of two groups differ, the largest first."""
    apart = gap(found)
    if apart is None:
        return ()
    means = []
    for group in (apart.worse.group, apart.better.group):
        rows = [row for row in range(len(X) // 2, len(X)) if groups[row] == group][:_LOOKED_AT]
        means.append(np.mean([online.contributions(X[row]) for row in rows], axis=0))
    adds = means[0] - means[1]
    order = np.argsort(-adds, kind="stable")[:2].tolist()
    return tuple(Carried(words[place], float(adds[place])) for place in order if adds[place] > _LITTLE)


def _protected_gain(customers: Customers, train: NDArray[np.intp], past: int) -> float | None:
    """What is given up by keeping the protected columns out."""
    if not customers.protected:
        return None
    table, found = customers.table, []
    for columns in (table.columns, (*table.columns, *customers.protected)):
        encoder = Encoder.fit(columns, table.labels, train)
        X = encoder.encode(columns)
        model = Batch("logistic", encoder.measured).learn_many(X[:past], table.labels[:past])
        found.append(Outcomes.of(model.predict_proba_many(X[past:]), table.labels[past:]).auc() or 0.5)
    return found[1] - found[0]
