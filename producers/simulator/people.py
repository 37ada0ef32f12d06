"""Who comes to the simulated shop: kinds, the drift between them, and who goes quiet."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from producers.simulator.catalog import Catalog, Floats, Ints
from producers.simulator.kinds import KINDS

_DRIFTING = 0.04  # of the active customers change their kind
_QUIET = 0.04  # of the active customers stop coming
_COUNTRIES = ("United Kingdom", "Germany", "France", "Ireland", "Spain")
_CHANNELS = ("search", "newsletter", "social", "friend")
_LAPSED = len(KINDS) - 1


class People(NamedTuple):
    """Customers, in the order of their numbers; days count from the shop's first.

    `before` and `after` are kinds, which change on day `turn` (beyond the end where they do not); `quiet` is the day
    on which a customer stops coming; `likes` are three groups of items, the dearest first.
    """

    joined: Ints
    before: Ints
    after: Ints
    turn: Ints
    quiet: Ints
    pace: Floats
    likes: Ints
    countries: Ints
    channels: Ints

    def final(self) -> Ints:
        """Kinds at the end."""
        quiet = self.quiet < np.iinfo(np.int64).max
        return np.where(quiet, _LAPSED, self.after)

    def traits(self, customer: int) -> dict[str, str]:
        """What an identify call tells of a customer."""
        return {"country": _COUNTRIES[self.countries[customer]], "channel": _CHANNELS[self.channels[customer]]}


def make_people(rng: np.random.Generator, customers: int, days: int, catalog: Catalog) -> People:
    """Draw customers; half of them join in the first ninth of the time, the rest in the first two fifths."""
    never = np.iinfo(np.int64).max
    shares = np.array([kind.share for kind in KINDS])
    # Exact shares in a random order: the mix does not depend on luck.
    kinds = np.searchsorted(np.cumsum(shares), (np.arange(customers) + 0.5) / customers)
    before = rng.permutation(np.minimum(kinds, _LAPSED))
    early = rng.random(customers) < 0.5
    joined = (rng.random(customers) * np.where(early, days / 9, days / 2.5)).astype(np.int64)

    fate = rng.random(customers)
    active = before != _LAPSED
    drifts = active & (fate < _DRIFTING)
    leaves = active & (fate >= _DRIFTING) & (fate < _DRIFTING + _QUIET)
    others = (before + rng.integers(1, _LAPSED, customers)) % _LAPSED  # another kind, but not lapsed
    turn = joined + ((0.2 + 0.2 * rng.random(customers)) * (days - joined)).astype(np.int64)
    ranks = np.log(catalog.popularity)[None, :] + rng.gumbel(size=(customers, len(catalog.popularity)))
    return People(
        joined,
        before,
        np.where(drifts, others, before),
        np.where(drifts, turn, never),
        np.where(leaves, turn, never),
        np.exp(rng.normal(0.0, 0.2, customers)),
        np.argsort(-ranks, axis=1, kind="stable")[:, :3],
        rng.choice(len(_COUNTRIES), customers, p=(0.6, 0.15, 0.1, 0.1, 0.05)),
        rng.choice(len(_CHANNELS), customers, p=(0.4, 0.3, 0.2, 0.1)),
    )
