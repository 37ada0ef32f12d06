"""The bank: customers scored before their outcome is known, online against batch, and a threshold by costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_data import Customers
from eddyline.cases.bank_explained import Carried, Explained, Reasons, carried, explained
from eddyline.cases.costs import Costs, Policy, curve, policy
from eddyline.cases.fairness import Treated, treated
from eddyline.cases.paired import Paired, paired
from eddyline.compare.batch import MODELS as BATCH
from eddyline.compare.batch import Batch
from eddyline.compare.encode import Encoder
from eddyline.compare.online import BLOCK, one_pass
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
ONLINE, FOREST = "Logistic regression, online", "Random forest, online"
"""The one that decides unless the other is better beyond chance, and the one that finds what features do together."""

APPETITE = {"low": 2.0, "medium": 1.0, "high": 0.5}
"""Appetite for risk -> how many times the stated cost a missed case weighs."""


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


@dataclass(frozen=True, eq=False)
class Bank:
    """What has come of it.

    Attributes
    ----------
    customers
        The stream.
    block
        Rows between two versions of the online model.
    test
        Places of the rows that are measured: the last fifth.
    decides
        Name of the online model whose scores decide: the forest where, in the validation part, its AUC is above that of
        the logistic regression by more than chance, else the logistic regression.
    probability
        Of the test rows by that model, each before it was learnt.
    before
        The forest's AUC less the logistic regression's in the validation part, by which that was settled.
    forest
        The same in the test.
    batch
        AUC of the best online model less that of the best batch one, in the test.
    models
        The online ones, logistic regression first; then batch models, learnt once from all rows before the test.
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
    other
        What comes of the chosen threshold by the online model that does not decide.
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
    block: int
    test: NDArray[np.intp]
    decides: str
    probability: Array
    before: Paired
    forest: Paired
    batch: Paired
    models: tuple[Model, ...]
    truth: Model | None
    costs: Costs
    curve: tuple[Array, Array]
    cheapest: float
    policies: tuple[Policy, ...]
    other: Policy
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
        Told how many rows have been gone through, of `steps(customers)`.

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
    block = min(BLOCK, max(20, len(y) // 20))
    said, reasons = {}, {}
    for place, (name, kind) in enumerate(((ONLINE, "logistic"), (FOREST, "forest"))):
        online = OnlineClassifier(kind, features=encoder.measured, block=block)
        reasons[name] = Reasons(encoder, X)

        def scored(
            rows: int, online: OnlineClassifier = online, kept: Reasons = reasons[name], at: int = place
        ) -> None:
            kept.keep(online, rows)
            advance(at * len(y) + rows)

        said[name] = one_pass(online, X, y, past, block=block, advance=scored).prequential
    scores = {name: each[past:] for name, each in said.items()}
    for place, kind in enumerate(BATCH, 2):
        scores[f"{NAMES[kind]}, batch"] = (
            Batch(kind, encoder.measured).learn_many(X[:past], y[:past]).predict_proba_many(X[past:])
        )
        advance((place + 1) * len(y))
    truth = None if customers.truth is None else customers.truth[past:]
    models = tuple(
        Model(name, Outcomes.of(np.clip(found, 0, 1), y[past:]), _off(found, truth)) for name, found in scores.items()
    )
    known = slice(len(parts.train), past)
    before = paired(said[FOREST][known], said[ONLINE][known], y[known])
    decides, other = (FOREST, ONLINE) if before.low > 0 else (ONLINE, FOREST)
    own, half = scores[decides], len(y) // 2
    fared = {
        name: treated(groups[half:], said[decides][half:], y[half:], costs.threshold)
        for name, groups in customers.groups.items()
    }
    thresholds, cost = curve(said[decides][known], y[known], costs)
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
        block=block,
        test=test,
        decides=decides,
        probability=own,
        before=before,
        forest=paired(scores[FOREST], scores[ONLINE], y[past:]),
        batch=paired(scores[_best(models, "online")], scores[_best(models, "batch")], y[past:]),
        models=models,
        truth=None if truth is None else Model("The truth", Outcomes.of(truth, y[past:]), 0.0),
        costs=costs,
        curve=curve(own, y[past:], costs),
        cheapest=float(thresholds[cost.argmin()]),
        policies=policies,
        other=policy("other", scores[other], y[past:], chosen, costs),
        appetite=appetite,
        explained=explained(reasons[decides], customers, own, test, chosen),
        treated=fared,
        carried={
            name: carried(reasons[decides], customers, customers.groups[name], found) for name, found in fared.items()
        },
        protected_gain=_protected_gain(customers, parts.train, past),
    )


def steps(customers: Customers) -> int:
    """Rows that `run` goes through, to show how far it is."""
    return (2 + len(BATCH)) * len(customers)


def _best(models: Sequence[Model], kind: str) -> str:
    """Name of the model of a kind, `online` or `batch`, whose AUC in the test is largest."""
    return max((one for one in models if one.name.endswith(kind)), key=lambda one: one.auc).name


def _off(found: Array, truth: Array | None) -> float | None:
    return None if truth is None else float(np.abs(found - truth).mean())


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
