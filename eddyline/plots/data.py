"""What the pictures show, read from the store and the topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eddyline.moves import read_moves
from eddyline.sample import read_sample
from eddyline.segments import steps
from eddyline.settings import Settings
from stream.feature import Feature
from stream.segments.branches import Branch, branches
from stream.segments.cards import Card, make_cards
from stream.segments.flows import Flows, flows, sizes_over_time
from stream.segments.model import SegmentsModel
from stream.updates import to_iso

Array = NDArray[np.float64]

NEW, DIED = "", "died"
"""Whom flows call by these: customers assigned for the first time, and all segments that are no more together."""

_STEPS = 120
_BRANCHES = 24


@dataclass(frozen=True)
class Pictured:
    """Segments as they are drawn.

    Attributes
    ----------
    model
        Version of the model.
    ids, names
        Of the segments, k of them.
    cards
        One for each segment.
    customers
        Ids of the sampled customers, n of them.
    labels
        Place of each sampled customer's segment, shape [n].
    scaled
        The sampled customers in the space in which distances are measured, shape [n, d].
    centres
        In the same space, shape [k, d].
    features
        Their names, d of them.
    times
        In ms, ascending.
    sizes
        Segment id, or `DIED` -> customers at each time.
    flows
        Moves of the period, with `DIED` for all segments that are no more.
    period
        The period in words.
    tree
        How branches grow together, each within one segment; None where the model has no hierarchy.
    """

    model: int
    ids: tuple[str, ...]
    names: tuple[str, ...]
    cards: tuple[Card, ...]
    customers: tuple[str, ...]
    labels: NDArray[np.intp]
    scaled: Array
    centres: Array
    features: tuple[str, ...]
    times: list[int]
    sizes: dict[str, NDArray[np.int64]]
    flows: Flows
    period: str
    tree: Branch | None = None

    def name(self, segment: str) -> str:
        """A segment's name, or what `NEW` and `DIED` are called."""
        if segment in self.ids:
            return self.names[self.ids.index(segment)]
        return "New customers" if segment == NEW else "Segments that have died"


def read_pictured(settings: Settings, since: int | None, until: int | None) -> Pictured:
    """All that is drawn; flows are of the period.

    Raises
    ------
    DataError
        When there are no segments yet.
    """
    model, segments, merged = read_sample(settings)
    moves = list(read_moves(settings))
    times = steps(moves, _STEPS)
    sizes: dict[str, Any] = {}
    for segment, found in sizes_over_time(moves, times).items():
        key = segment if segment in segments.ids else DIED
        sizes[key] = sizes.get(key, 0) + found
    alive = set(segments.ids)
    joined = [
        move._replace(origin=move.origin if not move.origin or move.origin in alive else DIED, to=to)
        for move in moves
        for to in (move.to if move.to in alive else DIED,)
    ]
    first = since if since is not None else min((move.time for move in moves), default=None)
    last = until if until is not None else max((move.time for move in moves), default=None)
    known = first is not None and last is not None
    return Pictured(
        model=model.version,
        ids=segments.ids,
        names=segments.names,
        cards=make_cards(merged, model, settings.engine),
        customers=merged.ids,
        labels=segments.predict_many(merged.rows)[0],
        scaled=segments.scaling.transform_many(merged.rows),
        centres=segments.centres,
        features=segments.features,
        times=times,
        sizes=sizes,
        flows=flows(joined, since, until)._replace(undone=flows(moves, since, until).undone),
        period=f"{to_iso(first)[:10]} to {to_iso(last)[:10]}" if known else "no moves yet",
        tree=hierarchy(segments, settings.features),
    )


def hierarchy(segments: SegmentsModel, features: Sequence[Feature]) -> Branch | None:
    """The model's own tree, cut into 24 branches or, of many segments, two for each; None where there is none."""
    if segments.tree is None:
        return None
    leaves = len(segments.points)
    return branches(segments, features, min(max(_BRANCHES, 2 * len(segments.ids)), leaves))
