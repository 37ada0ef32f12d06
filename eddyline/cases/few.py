"""How little fifty customers can tell: a score measured with its uncertainty, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.bank_data import Customers
from eddyline.compare.batch import Batch
from eddyline.compare.encode import Encoder
from stream.errors import DataError
from stream.evaluate.outcomes import Outcomes

Array = NDArray[np.float64]

KINDS = {"logistic": "Logistic regression", "forest": "Random forest"}
WANTED = 0.03
"""Half the width of an interval that tells models apart."""

_FOLDS = 5
_DRAWS = 1_000
_REFITS = 100


@dataclass(frozen=True)
class Uncertain:
    """A model on few customers.

    Attributes
    ----------
    name
        Of the model.
    auc, low, high
        Of customers whom it has not learnt from (five folds), with the 95 % interval of the bootstrap.
    fresh
        Of the model learnt from all of the few, on many fresh customers; None where there are none.
    """

    name: str
    auc: float
    low: float
    high: float
    fresh: float | None


@dataclass(frozen=True)
class Few:
    """What few customers tell.

    Attributes
    ----------
    customers, cases
        How many, and to how many of them it happened.
    models
        Their measured AUC.
    truth
        AUC of the true probabilities on many customers: nothing can be better; None where nobody knows.
    signs
        Feature -> share of bootstrap refits of the logistic regression whose weight has the sign of most.
    needed
        Customers for an AUC within `WANTED`.
    """

    customers: int
    cases: int
    models: tuple[Uncertain, ...]
    truth: float | None
    signs: dict[str, float]
    needed: int


CUSTOMERS = 50
"""As in the textbook case."""

_FRESH = 20_000


def textbook(stream: Customers, seed: int = 7) -> Few | None:
    """Fifty customers of a stream by chance, and the others to see what models of those are worth.

    None where the fifty hold too few of an outcome to learn from.
    """
    order = np.random.default_rng([seed, CUSTOMERS]).permutation(len(stream))
    chosen, others = stream.take(order[:CUSTOMERS]), stream.take(order[CUSTOMERS : CUSTOMERS + _FRESH])
    try:
        return few(chosen, others, seed)
    except DataError:
        return None


def few(customers: Customers, fresh: Customers | None = None, seed: int = 7) -> Few:
    """Fit to few customers, and ask what that is worth.

    Parameters
    ----------
    customers
        The few.
    fresh
        Many of the same kind, to see what the models are worth in truth.
    seed
        Of folds and draws.

    Raises
    ------
    DataError
        Where there are fewer than five customers of an outcome.

    Notes
    -----
    The bootstrap draws the customers with their held-out scores again: Efron & Tibshirani, "An Introduction to the
    Bootstrap" (1993). It does not draw the fitting again, so the true uncertainty is larger still.
    """
    table = customers.table
    y = table.labels
    if min(int(y.sum()), int((~y).sum())) < 5:
        raise DataError(
            f"{int(y.sum())} of {len(y)} customers {customers.words.happened}: five of each outcome are needed"
        )
    rng = np.random.default_rng(seed)
    encoder = Encoder.fit(table.columns, y, np.arange(len(y)))
    X = encoder.encode(table.columns)
    fold = np.empty(len(y), dtype=np.intp)
    for outcome in (False, True):
        own = rng.permutation(np.flatnonzero(y == outcome))
        fold[own] = np.arange(len(own)) % _FOLDS
    models = []
    for kind, name in KINDS.items():
        said = np.empty(len(y))
        for number in range(_FOLDS):
            held = fold == number
            said[held] = Batch(kind, encoder.measured).learn_many(X[~held], y[~held]).predict_proba_many(X[held])
        draws = [_auc(said[draw], y[draw]) for draw in (rng.integers(0, len(y), len(y)) for _ in range(_DRAWS))]
        low, high = np.nanquantile(draws, [0.025, 0.975]).tolist()
        whole = Batch(kind, encoder.measured).learn_many(X, y)
        worth = (
            None
            if fresh is None
            else _auc(whole.predict_proba_many(encoder.encode(fresh.table.columns)), fresh.table.labels)
        )
        models.append(Uncertain(name, _auc(said, y), low, high, worth))
    spread = Outcomes.of(said, y).auc_spread() or 0.0
    signs = _signs(X, y, [one.name for one in encoder.measured], rng)
    truth = None if fresh is None or fresh.truth is None else _auc(fresh.truth, fresh.table.labels)
    needed = int(np.ceil(len(y) * (1.96 * spread / WANTED) ** 2))
    return Few(len(y), int(y.sum()), tuple(models), truth, signs, needed)


def _auc(said: Array, happened: NDArray[np.bool_]) -> float:
    """NaN where there is one outcome only."""
    found = Outcomes.of(said, happened).auc()
    return float("nan") if found is None else found


def _signs(X: Array, y: NDArray[np.bool_], names: list[str], rng: np.random.Generator) -> dict[str, float]:
    """How often refits on customers drawn again agree about which way a feature works."""
    from sklearn.linear_model import LogisticRegression

    filled = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)
    scale = filled.std(axis=0)
    standard = (filled - filled.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    ups = []
    while len(ups) < _REFITS:
        draw = rng.integers(0, len(y), len(y))
        if 0 < y[draw].sum() < len(y):
            ups.append(LogisticRegression().fit(standard[draw], y[draw]).coef_[0] > 0)
    share = np.mean(ups, axis=0)
    return {name: float(max(one, 1 - one)) for name, one in zip(names, share.tolist(), strict=True)}
