"""What a new model says of its segments: names, sizes, centres, and where each came from."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from stream.commands import Wishes
from stream.model import Model
from stream.segments.distance import squared_distances
from stream.segments.model import SegmentsModel
from stream.updates import SegmentCard, SegmentsRevised, rounded, update_id


def revision(model: Model, before: Model) -> SegmentsRevised:
    """The segments of a model, and those of the version before that died.

    Parameters
    ----------
    model
        A model that has segments.
    before
        The version before.

    Notes
    -----
    Lineage is read from the regions of the segments, each as measured by the model it is of. A new segment inside the
    old region of one that lives on was `split` from it; inside the region of one that died it was `born`, as all are
    in a first model. A segment whose new region holds the old centre of one that died has `merged` with it. Outliers
    have no place of their own: what comes out of them is born, and with them nothing merges. What an operator has
    merged has merged with the segment that was named.
    """
    segments, previous = model.segments, before.segments
    if segments is None:
        raise ValueError("the model has no segments")
    parents = {} if previous is None else _parents(segments, previous, model.wishes)
    moved = {} if previous is None else _moved(segments, previous)
    known = () if previous is None else previous.ids
    cards = []
    for place, centre in enumerate(segments.scaling.inverse(segments.centres)):
        segment = segments.ids[place]
        came_from = parents.get(segment, ())
        cards.append(
            SegmentCard(
                id=segment,
                name=segments.names[place],
                size=segments.sizes[place],
                share=rounded(segments.shares[place]),
                centre=_centre(segments, centre),
                lineage=("merged" if came_from else "kept") if segment in known else ("split" if came_from else "born"),
                parents=came_from,
                moved=moved.get(segment),
                locked=segment in model.wishes.locked,
            )
        )
    if previous is not None:
        for name, former, centre in zip(
            previous.ids, previous.names, previous.scaling.inverse(previous.centres), strict=True
        ):
            if name not in segments.ids:
                at = _centre(previous, centre)
                cards.append(SegmentCard(id=name, name=former, size=0, share=0.0, centre=at, lineage="died"))
    return SegmentsRevised(
        id=update_id("segments", model.version),
        model=model.version,
        occurred_at=model.clock,
        segments=tuple(cards),
        why=_why(model, cards),
        drift={name: rounded(psi) for name, psi in zip(segments.features, segments.drift.psi.tolist(), strict=True)},
    )


def _parents(segments: SegmentsModel, previous: SegmentsModel, wishes: Wishes) -> dict[str, tuple[str, ...]]:
    """Segment -> those it was split from, or merged from (itself among them)."""
    parents: dict[str, tuple[str, ...]] = {}
    for segment, origin in zip(segments.ids, _regions(previous, segments), strict=True):
        if segment not in previous.ids and origin in segments.ids:
            parents[segment] = (origin,)
    for segment, heir in zip(previous.ids, _regions(segments, previous), strict=True):
        if wishes.root(segment) in segments.ids:
            heir = wishes.root(segment)
        if segment not in segments.ids and heir in previous.ids:
            parents[heir] = (*parents.get(heir, (heir,)), segment)
    return parents


def _moved(segments: SegmentsModel, previous: SegmentsModel) -> dict[str, float]:
    """Segment -> how far its centre has gone, as a share of the distance to the nearest other centre before."""
    before = segments.scaling.transform_many(previous.scaling.inverse(previous.centres))
    gaps = np.sqrt(squared_distances(before, before))
    far = np.sqrt(squared_distances(before, segments.centres))
    moved = {}
    for place, segment in enumerate(previous.ids):
        others = np.delete(gaps[place], place)
        if segment in segments.ids and len(others) and others.min() > 0:
            moved[segment] = rounded(float(far[place, segments.ids.index(segment)] / others.min()))
    return moved


def _regions(model: SegmentsModel, other: SegmentsModel) -> list[str | None]:
    """The segment of `model` in whose region each segment of `other` has its centre; None where outliers are met."""
    places = model.predict_many(other.scaling.inverse(other.centres))[0].tolist()
    return [
        None if place == model.outliers or own == other.outliers else model.ids[place]
        for own, place in enumerate(places)
    ]


def _centre(segments: SegmentsModel, centre: NDArray[np.float64]) -> dict[str, float]:
    return {name: rounded(value) for name, value in zip(segments.features, centre.tolist(), strict=True)}


def _why(model: Model, cards: list[SegmentCard]) -> str:
    assert model.segments is not None
    counts = Counter(card.lineage for card in cards)
    changes = [f"{counts[kind]} {kind}" for kind in ("born", "split", "merged", "died") if counts[kind]]
    asked = f"An operator asked: {'; '.join(model.wishes.asked)}" if model.wishes.asked else ""
    why = asked or model.segments.why
    return f"{why}: {', '.join(changes)}." if changes else f"{why}."
