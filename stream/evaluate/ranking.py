"""How good ranked lists are: what they hit and where, how much of the catalogue they show, and how novel that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.intp]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DEPTHS = (10, 20)
"""Lengths of a list at which it is measured."""

LONGEST = max(DEPTHS)


def pessimistic_top(scores: Floats, wanted: Flags, count: int) -> Numbers:
    """Places of the best, best first; among equal scores those that are wanted come last.

    A ranking that cannot tell items apart gains nothing from the order in which they happen to lie.

    Parameters
    ----------
    scores
        Shape [n]; NaN is not allowed, and -inf is never in a list.
    wanted
        Which are wanted, shape [n].
    count
        Length of the list; shorter when there are fewer.

    Examples
    --------
    >>> pessimistic_top(np.array([1.0, 3.0, 1.0, 2.0]), np.array([True, False, False, False]), 3).tolist()
    [1, 3, 2]
    """
    least = np.partition(scores, -count)[-count] if len(scores) > count else -np.inf
    places = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return places[np.lexsort((wanted[places], -scores[places]))][:count]


def list_measures(hits: Flags, wanted: NDArray[np.int64]) -> dict[str, Floats]:
    """Measures of each of many lists, at each of `DEPTHS`.

    Hit rate: whether an item is wanted. Recall and precision: hits ÷ wanted items, and ÷ the depth (a list that is
    shorter is not better for it). MRR: 1 ÷ the place of the first hit. NDCG: Σ 1/log2(1 + place) over hits, relative
    to that of the best possible list.

    Parameters
    ----------
    hits
        Whether the item at each place is wanted, best first, shape [..., 20]; False where a list has ended.
    wanted
        How many items are wanted, at least one each, shape [...].

    Returns
    -------
    dict
        `hit_rate_at_10` and the others, in [0, 1], shape [...] each.

    Notes
    -----
    Sources: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques (2002), for NDCG; Voorhees, The
    TREC-8 question answering track report (1999), for MRR; Krichene and Rendle, On sampled metrics for item
    recommendation (2020), for ranking the whole catalogue.

    Examples
    --------
    >>> hits = np.zeros(20, bool)
    >>> hits[[1, 12]] = True
    >>> measured = list_measures(hits, np.array(4))
    >>> [float(measured[name]) for name in ("hit_rate_at_10", "recall_at_20", "precision_at_10", "mrr_at_10")]
    [1.0, 0.5, 0.1, 0.5]
    """
    found: dict[str, Floats] = {}
    gains = 1.0 / np.log2(2.0 + np.arange(LONGEST))
    ideal = np.concatenate(([0.0], np.cumsum(gains)))
    for depth in DEPTHS:
        some = hits[..., :depth]
        count = some.sum(axis=-1)
        first = np.where(count > 0, 1.0 / (1.0 + some.argmax(axis=-1)), 0.0)
        found |= {
            f"hit_rate_at_{depth}": (count > 0).astype(np.float64),
            f"recall_at_{depth}": count / wanted,
            f"ndcg_at_{depth}": (some * gains[:depth]).sum(axis=-1) / ideal[np.minimum(wanted, depth)],
            f"mrr_at_{depth}": first,
            f"precision_at_{depth}": count / depth,
        }
    return found


def gini(exposures: Floats) -> float:
    """Inequality of how often items are shown: 0 when all are alike, near 1 when one has it all.

    Parameters
    ----------
    exposures
        Times that each item of the catalogue was in a list, those never shown among them.

    Notes
    -----
    Source: Fleder and Hosanagar, Blockbuster culture's next rise or fall (2009).

    Examples
    --------
    >>> gini(np.array([2.0, 2.0, 2.0, 2.0])), gini(np.array([0.0, 0.0, 0.0, 8.0]))
    (0.0, 0.75)
    """
    total, size = exposures.sum(), len(exposures)
    if not total:
        return 0.0
    ranks = 2.0 * np.arange(1, size + 1) - size - 1
    return float((ranks * np.sort(exposures)).sum() / (size * total))


class ListTally:
    """Sums over the lists that several rankings gave in the same trials.

    Novelty is the mean over shown items of -log2 of their share of the orders so far. Source: Zhou et al., Solving the
    apparent diversity-accuracy dilemma of recommender systems (2010). Coverage is the share of the catalogue that was
    in a list at all. Both, and `gini`, are of the first ten.

    Parameters
    ----------
    names
        Of the rankings.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.trials = 0
        self._sums: dict[str, Floats] = {}
        self._exposures = np.zeros((len(names), 0))
        self._surprise = np.zeros(len(names))
        self._held: list[tuple[Numbers, Flags, Floats, int]] = []

    def add(self, lists: Numbers, hits: Flags, shares: Floats, wanted: int) -> None:
        """Take in one trial.

        Parameters
        ----------
        lists
            Items of each ranking's list, best first, -1 after its end, shape [rankings, 20].
        hits
            Which of them are wanted.
        shares
            Each listed item's share of the orders so far, in (0, 1]; 1 after a list's end. Shape [rankings, 20].
        wanted
            How many items are wanted.
        """
        self.trials += 1
        self._held.append((lists, hits, shares, wanted))
        if len(self._held) >= 1_000:
            self._settle()

    def measures(self, items: int) -> dict[str, dict[str, float]]:
        """Of each ranking all measures, `coverage`, `gini` and `novelty` among them.

        Parameters
        ----------
        items
            In the catalogue.
        """
        self._settle()
        trials = max(self.trials, 1)
        exposures = np.zeros((len(self.names), items))
        exposures[:, : self._exposures.shape[1]] = self._exposures
        shown = np.maximum(exposures.sum(axis=1), 1)
        found: dict[str, dict[str, float]] = {}
        for place, name in enumerate(self.names):
            found[name] = {measure: float(sums[place]) / trials for measure, sums in self._sums.items()} | {
                "coverage": float((exposures[place] > 0).mean()) if items else 0.0,
                "gini": gini(exposures[place]),
                "novelty": float(self._surprise[place] / shown[place]),
            }
        return found

    def _settle(self) -> None:
        if not self._held:
            return
        lists = np.stack([one[0] for one in self._held])
        hits = np.stack([one[1] for one in self._held])
        wanted = np.array([one[3] for one in self._held], np.int64)[:, None]
        for name, values in list_measures(hits, wanted).items():
            self._sums[name] = self._sums.get(name, np.zeros(len(self.names))) + values.sum(axis=0)
        shown, shares = lists[:, :, : DEPTHS[0]], np.stack([one[2] for one in self._held])[:, :, : DEPTHS[0]]
        self._surprise -= np.log2(shares).sum(axis=(0, 2))
        size = max(self._exposures.shape[1], int(shown.max()) + 1)
        grown = np.zeros((len(self.names), size))
        grown[:, : self._exposures.shape[1]] = self._exposures
        for place in range(len(self.names)):
            one = shown[:, place].ravel()
            grown[place] += np.bincount(one[one >= 0], minlength=size)
        self._exposures = grown
        self._held.clear()
