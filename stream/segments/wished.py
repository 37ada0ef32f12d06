"""The segments as an operator wants them: named, merged and retired, whatever was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stream.commands import Wishes
from stream.segments.model import SegmentsModel


def wished(learnt: SegmentsModel, wishes: Wishes) -> SegmentsModel:
    """The learnt segments, as operators have asked for them.

    Customers of a retired segment belong to the nearest of the others. Merged segments keep their prototypes, so
    that exactly their customers are together, under the id of the one that the others joined.

    Parameters
    ----------
    learnt
        As learnt from the sample; it stays as it is, for the next learning.
    wishes
        What was asked. What cannot be had is left out: a name for a segment that is no more, retiring the last one.
    """
    kept = [place for place, segment in enumerate(learnt.ids) if segment not in wishes.retired]
    if not any(place != learnt.outliers for place in kept):
        kept = list(range(len(learnt.ids)))
    groups: dict[str, list[int]] = {}
    for place in kept:
        groups.setdefault(wishes.root(learnt.ids[place]), []).append(place)
    if groups.keys() == set(learnt.ids) and not wishes.names.keys() & groups.keys():
        return learnt
    ids = sorted(groups, key=lambda segment: int(segment[1:]))
    parts = [groups[segment] for segment in ids]
    names, marks = _names(learnt, wishes, ids, parts)
    owner = {old: new for new, places in enumerate(parts) for old in places}
    mine = [place for place, old in enumerate(learnt.owners.tolist()) if old in owner]
    mine.sort(key=lambda place: owner[int(learnt.owners[place])])
    sizes = tuple(sum(learnt.sizes[place] for place in places) for places in parts)
    gone = {segment: name for segment, name in zip(learnt.ids, learnt.names, strict=True) if segment not in ids}
    return replace(
        learnt,
        centres=np.array([_mean(learnt, places) for places in parts]),
        points=learnt.points[mine],
        owners=np.array([owner[int(learnt.owners[place])] for place in mine], dtype=np.intp),
        noise=learnt.noise if learnt.outliers in owner else None,
        weights=np.array([learnt.weights[places].sum() for places in parts]),
        ids=tuple(ids),
        names=names,
        marks=marks,
        sizes=sizes,
        shares=tuple(sum(learnt.shares[place] for place in places) for places in parts),
        retired={**learnt.retired, **gone},
        tree=learnt.tree.renumbered(np.array(mine)) if learnt.tree and len(mine) == len(learnt.points) else None,
    )


def _mean(learnt: SegmentsModel, places: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Centre of segments together, by their sizes."""
    shares = np.array([learnt.sizes[place] for place in places], dtype=np.float64)
    shares = shares / shares.sum() if shares.sum() else np.full(len(places), 1.0 / len(places))
    centre: np.ndarray[tuple[int], np.dtype[np.float64]] = (shares[:, None] * learnt.centres[places]).sum(axis=0)
    return centre


def _names(
    learnt: SegmentsModel, wishes: Wishes, ids: Sequence[str], parts: Sequence[Sequence[int]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """An operator's names, and the learnt ones; where one is taken, a number is added."""
    named: dict[str, tuple[str, tuple[str, ...]]] = {}
    for segment, places in sorted(zip(ids, parts, strict=True), key=lambda pair: pair[0] not in wishes.names):
        place = learnt.ids.index(segment) if segment in learnt.ids else places[0]
        asked = wishes.names.get(segment)
        name = wanted = asked or learnt.names[place]
        taken, number = {name for name, _ in named.values()}, 2
        while name in taken:
            name, number = f"{wanted} {number}", number + 1
        named[segment] = name, () if asked else learnt.marks[place]
    return tuple(named[segment][0] for segment in ids), tuple(named[segment][1] for segment in ids)
