"""How likely each place of a list is to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stream.evaluate.counterfactual import Shown
from stream.evaluate.ranking import Floats

_LEAST = 1e-6


def examined(logged: Sequence[Shown], steps: int = 200) -> Floats:
    """Chance that somebody looks at each place, relative to the place most looked at, learnt from the log.

    Clicks are explained by the place times the item, whose attraction is the same for everybody and at any place; the
    two can be told apart as far as items are shown at different places. Where the best for a customer is on top, some
    of its attraction is taken for the place's.

    Parameters
    ----------
    logged
        Lists as they were shown.
    steps
        Of expectation maximisation.

    Returns
    -------
    array
        Shape [longest list].

    Notes
    -----
    Source: Chuklin, Markov and de Rijke, Click models for web search (2015), the position-based model.

    Examples
    --------
    >>> log = [Shown(("a", "b"), frozenset("a" if n % 2 else ())) for n in range(400)]
    >>> log += [Shown(("b", "a"), frozenset("a" if n % 4 == 0 else ())) for n in range(400)]
    >>> examined(log).round(2).tolist()
    [1.0, 0.5]
    """
    rows = [(place, item, item in list_.clicked) for list_ in logged for place, item in enumerate(list_.items)]
    numbers: dict[str, int] = {}
    places = np.array([place for place, _, _ in rows], np.intp)
    items = np.array([numbers.setdefault(item, len(numbers)) for _, item, _ in rows], np.intp)
    clicked = np.array([one for _, _, one in rows], np.float64)
    if not len(rows):
        return np.zeros(0)
    at, of = np.bincount(places), np.bincount(items)
    rate = max(float(clicked.mean()), _LEAST)
    looks, draws = np.full(len(at), 0.5), np.full(len(of), min(2 * rate, 0.5))
    for _ in range(steps):
        look, draw = looks[places], draws[items]
        missed = (1.0 - clicked) / (1.0 - np.minimum(look * draw, 1.0 - _LEAST))
        looks = np.bincount(places, clicked + missed * look * (1.0 - draw)) / at
        drawn = np.bincount(items, clicked + missed * draw * (1.0 - look))
        draws = (drawn + rate) / (of + 1.0)  # an item that was shown once is like any other, mostly
    found: Floats = np.maximum(looks / max(looks.max(), _LEAST), _LEAST)
    return found
