"""Segments learnt from a sample of customers: a pure function of the sample, the settings and the version before."""

from __future__ import annotations

import numpy as np

from stream.commands import Wishes
from stream.config import EngineConfig
from stream.preprocessing.pipeline import Preprocessing
from stream.preprocessing.statistics import correlations
from stream.segments.algorithms import group
from stream.segments.algorithms.base import Array, Grouping, Known, Sample
from stream.segments.drift import Drift
from stream.segments.identity import Identity, match, reach
from stream.segments.model import SegmentsModel
from stream.segments.naming import name_segments
from stream.segments.prototypes import Places, Prototypes
from stream.segments.wished import wished

OUTLIERS = "Unlike others"
"""Name of the segment of outliers, unless an operator has named it."""

_RETIRED = 100  # names of dead segments that are remembered


def learn(
    rows: Array, config: EngineConfig, previous: SegmentsModel | None, wishes: Wishes | None = None
) -> SegmentsModel | None:
    """The next version of the segments.

    Parameters
    ----------
    rows
        Raw feature rows of a uniform sample of customers, shape [n, d], NaN where missing, in the order of their
        customers' hashes. It matters only to algorithms that take rows one by one.
    config
        Engine settings; `segments.algorithm` groups the customers.
    previous
        The version before: where the algorithm can it goes on from there, and ids live on. Without it, or where the
        features have changed since, segments are found afresh.
    wishes
        What operators have asked: how many segments, which of them end, which rest.

    Returns
    -------
    SegmentsModel or None
        None where there are too few customers.

    Raises
    ------
    DataError
        Where the algorithm finds no segments in these rows; the message says what to do.
    """
    settings, wishes = config.segments, wishes or Wishes()
    if len(rows) < min(settings.rows_needed, settings.sample):
        return None
    names = tuple(feature.name for feature in config.features)
    rows, arrival = _canonical(rows)
    scaling = Preprocessing.fit(rows, config.features, settings.steps)
    X = scaling.transform_many(rows)
    before = previous if previous is not None and previous.features == names else None
    before = None if before is None else wished(before, Wishes(retired=wishes.retired))
    settings = settings.model_copy(update={"k": wishes.learns(settings.k)})
    learnt, next_id = (0, 1) if previous is None else (previous.learnt, previous.next_id)
    nested = previous is not None and previous.tree is not None  # also when some of it has been retired since
    known = None if before is None else _carried(before, scaling, nested, wishes.locked)
    rng = np.random.default_rng([settings.seed, learnt])
    drift = begun = Drift.begin(rows)
    if before is not None and known is not None:
        errors = np.sqrt(known.prototypes.measure(X).min(axis=1))
        drift = before.drift.after(rows, rng.permutation(errors))
    # Tenure grows by itself, and that is no drift.
    drifted = drift.reason(["" if feature.aggregate == "tenure" else feature.name for feature in config.features])
    grouping = group(Sample(X, arrival, settings, rng, learnt, known, bool(drifted)))
    labels = grouping.prototypes.measure(X).argmin(axis=1)
    sizes = np.bincount(labels, minlength=grouping.prototypes.count)
    stays = np.isin(np.arange(len(sizes)), grouping.locked) | (np.arange(len(sizes)) == grouping.prototypes.outliers)
    live = np.flatnonzero((sizes > 0) | stays)
    live = live[np.lexsort((-sizes[live], live == grouping.prototypes.outliers))]  # first ids go from large to small
    identity = _identity(before, known, rows, labels, grouping, live, next_id)
    order = np.argsort([int(segment[1:]) for segment in identity.ids])
    live, ids = live[order], tuple(identity.ids[place] for place in order.tolist())
    prototypes, moved = grouping.prototypes.taken(live)
    centres = np.ascontiguousarray(_centres(X, labels, grouping)[live])
    sizes = sizes[live]
    memory = np.zeros(len(live)) if grouping.memory is None else grouping.memory[live]
    chosen = {} if prototypes.outliers is None else {ids[prototypes.outliers]: OUTLIERS}
    naming = name_segments(
        ids,
        scaling.standardise_scaled(centres),
        scaling.inverse(centres),
        config.features,
        correlations(scaling.standardise_many(rows)),
        {} if before is None else dict(zip(before.ids, zip(before.names, before.marks, strict=True), strict=True)),
        chosen,
    )
    place = np.full(grouping.prototypes.count, -1)
    place[live] = np.arange(len(live))
    return SegmentsModel(
        features=names,
        scaling=scaling,
        centres=centres,
        points=prototypes.points,
        owners=prototypes.owners,
        noise=prototypes.noise,
        weights=memory + sizes,
        ids=ids,
        names=naming.names,
        marks=naming.marks,
        sizes=tuple(sizes.tolist()),
        shares=tuple((sizes / len(rows)).tolist()),
        sse=float(((X - centres[place[labels]]) ** 2).sum()),
        next_id=identity.next_id,
        learnt=learnt + 1,
        retired=_retired(previous, ids),
        tree=None if grouping.tree is None else grouping.tree.renumbered(moved),
        drift=begun if drifted else drift,
        why=_why(len(rows), drifted, grouping.fresh),
    )


def _canonical(rows: Array) -> tuple[Array, Places]:
    """The rows in an order of their own, so that theirs cannot matter, and where each of them is now."""
    rows = np.where(np.isinf(rows), np.nan, rows) + 0.0  # no negative zeros
    order = np.lexsort(rows.T)
    return rows[order], np.argsort(order)


def _why(customers: int, drifted: str, fresh: bool) -> str:
    """What made this version, in words."""
    why = f"Learnt from {customers:,} customers"
    if fresh:
        return f"{why} afresh, since {drifted or 'that leaves less error'}"
    return f"{why}; {drifted}, and the segments still fit" if drifted else why


def _carried(before: SegmentsModel, scaling: Preprocessing, nested: bool, locked: tuple[str, ...]) -> Known:
    """The version before in the new scaled space."""
    points, centres = (scaling.transform_many(before.scaling.inverse(each)) for each in (before.points, before.centres))
    prototypes = Prototypes(len(before.ids), points, before.owners, before.noise)
    places = tuple(place for place, segment in enumerate(before.ids) if segment in locked)
    return Known(prototypes, centres, before.weights, places, nested)


def _centres(X: Array, labels: Places, grouping: Grouping) -> Array:
    """Means of the labelled rows, shape [k, d]; of segments without rows, the mean of all."""
    if grouping.centres is not None:
        return grouping.centres
    count = grouping.prototypes.count
    return np.array(
        [X[labels == place].mean(axis=0) if (labels == place).any() else X.mean(axis=0) for place in range(count)]
    )


def _identity(
    before: SegmentsModel | None,
    known: Known | None,
    rows: Array,
    labels: Places,
    grouping: Grouping,
    live: Places,
    next_id: int,
) -> Identity:
    """Ids of the segments at the places `live`; outliers are who the outliers were, and all others are matched."""
    outliers = grouping.prototypes.outliers
    settled = live[live != outliers]
    if before is None or known is None:
        none = np.zeros((0, len(settled)), dtype=np.int64)
        identity = match(none, none > 0, (), next_id)
    else:
        there = np.array([place for place in range(len(before.ids)) if place != before.outliers], dtype=np.intp)
        former, found = known.prototypes.taken(there)[0], grouping.prototypes.taken(settled)[0]
        near = former.apart(found) <= reach(former.apart(former))[:, None]
        shared = np.zeros((len(before.ids), grouping.prototypes.count), dtype=np.int64)
        np.add.at(shared, (before.predict_many(rows)[0], labels), 1)
        old, new = there.tolist(), settled.tolist()
        kept = {old.index(one): new.index(other) for one, other in zip(known.locked, grouping.locked, strict=True)}
        identity = match(shared[np.ix_(there, settled)], near, [before.ids[place] for place in old], next_id, kept)
    if outliers is None:
        return identity
    if before is not None and before.outliers is not None:
        return identity._replace(ids=(*identity.ids, before.ids[before.outliers]))
    return identity._replace(ids=(*identity.ids, f"s{identity.next_id}"), next_id=identity.next_id + 1)


def _retired(previous: SegmentsModel | None, ids: tuple[str, ...]) -> dict[str, str]:
    """Names of the latest segments that are no more."""
    if previous is None:
        return {}
    dead = dict(previous.retired) | dict(zip(previous.ids, previous.names, strict=True))
    return dict([(segment, name) for segment, name in dead.items() if segment not in ids][-_RETIRED:])
