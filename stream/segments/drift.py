"""Have customers changed since the segments were seeded? Watched at every learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What `river.drift.ADWIN` wraps: that package imports pandas and scikit-learn, two seconds of each worker's start.
from river._river_rust.drift import AdaptiveWindowing

Array = NDArray[np.float64]

SHIFTED = 0.25
"""PSI from which a feature's distribution counts as another one: the credit industry's rule (Siddiqi 2006)."""

_BINS = 10
_LEAST = 1e-4  # share of an empty bin
_WATCHED = 64  # errors noted at each learning
_WINDOW = 32 * _WATCHED


@dataclass(frozen=True, eq=False)
class Drift:
    """What the sample was like when segments were last seeded, and how far customers have moved since.

    Attributes
    ----------
    edges
        Deciles of each feature then, in its own unit, shape [d, 9].
    shares
        Share of customers in each bin and, last, without a value; shape [d, 11].
    errors
        Root errors of customers at the learnings since, the newest last: how far they are from their segments' centres.
    psi
        Of each feature, now against then, shape [d].
    grown
        Whether the root errors have grown, by ADWIN.

    Notes
    -----
    The population stability index of a feature is Σ (p - q) ln(p / q) over its bins, with q the shares then and p those
    now. ADWIN keeps a window of errors and cuts it where two parts of it differ by more than chance: Bifet and Gavaldà
    (2007), "Learning from Time-Changing Data with Adaptive Windowing". It is fed anew each time, so its state needs no
    format of its own.

    Examples
    --------
    >>> rows = np.random.default_rng(1).normal(size=(1_000, 1))
    >>> begun = Drift.begin(rows)
    >>> [begun.after(rows + by, np.ones(1_000)).shifted(["spend"]) for by in (0.1, 1.0)]
    [{}, {'spend': 0.99}]
    """

    edges: Array
    shares: Array
    errors: Array
    psi: Array
    grown: bool

    @classmethod
    def begin(cls, rows: Array) -> Drift:
        """Take a sample of raw rows [n, d], NaN where missing, as what is compared with."""
        levels = np.arange(1, _BINS) / _BINS
        edges = np.zeros((rows.shape[1], _BINS - 1))
        for place, column in enumerate(rows.T):
            known = column[~np.isnan(column)]
            if len(known):
                edges[place] = np.quantile(known, levels, method="inverted_cdf")
        return cls(edges, _shares(rows, edges), np.zeros(0), np.zeros(rows.shape[1]), grown=False)

    def after(self, rows: Array, errors: Array) -> Drift:
        """With another sample: its raw rows [n, d], and how far each is from its segment's centre, shape [n]."""
        now = np.maximum(_shares(rows, self.edges), _LEAST)
        then = np.maximum(self.shares, _LEAST)
        watched = errors[:: max(1, len(errors) // _WATCHED)][:_WATCHED]
        kept = np.concatenate([self.errors, watched])[-_WINDOW:]
        psi = ((now - then) * np.log(now / then)).sum(axis=1)
        return Drift(self.edges, self.shares, kept, psi, _grown(kept))

    def shifted(self, features: Sequence[str]) -> dict[str, float]:
        """Features whose PSI says that they have changed, the most changed first; those without a name are left out."""
        order = [place for place in np.argsort(-self.psi, kind="stable").tolist() if self.psi[place] >= SHIFTED]
        return {features[place]: round(float(self.psi[place]), 2) for place in order if features[place]}

    def reason(self, features: Sequence[str]) -> str:
        """Why segments should be seeded afresh, in words; empty where nothing speaks for it."""
        shifted = [f"{name} (PSI {size:.2f})" for name, size in self.shifted(features).items()]
        said = [f"{', '.join(shifted[:3])} {'has' if len(shifted) == 1 else 'have'} changed"] if shifted else []
        if self.grown:
            said.append("customers are farther from their segments than before")
        return " and ".join(said)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack; floats exact."""
        return {
            "edges": self.edges.tolist(),
            "shares": self.shares.tolist(),
            "errors": self.errors.tolist(),
            "psi": self.psi.tolist(),
            "grown": self.grown,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Drift:
        """Reverse of `to_dict`."""
        arrays = {name: np.array(values[name], dtype=np.float64) for name in ("edges", "shares", "errors", "psi")}
        return cls(**arrays, grown=values["grown"])


def _shares(rows: Array, edges: Array) -> Array:
    """Shares of rows [n, d] in the bins between `edges` [d, 9], and of missing values, shape [d, 11]."""
    shares = np.zeros((rows.shape[1], _BINS + 1))
    for place, column in enumerate(rows.T):
        known = column[~np.isnan(column)]
        counts = np.bincount(np.searchsorted(edges[place], known), minlength=_BINS)
        shares[place] = np.append(counts, len(column) - len(known)) / max(len(column), 1)
    return shares


def _grown(errors: Array) -> bool:
    """Whether the mean error at the end of the window is larger than at its beginning, by more than chance."""
    watch = _watch()
    grown = False
    for error in errors.tolist():
        before = watch.get_total() / max(watch.get_width(), 1)
        if watch.update(error):
            grown = watch.get_total() / watch.get_width() > before
            watch = _watch()
    return grown


def _watch() -> AdaptiveWindowing:
    return AdaptiveWindowing(delta=0.002, clock=32, max_buckets=5, min_window_length=5, grace_period=10)
