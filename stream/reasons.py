"""The features that decided, as receipts list them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.feature import Feature
from stream.updates import rounded

Array = NDArray[np.float64]


class Changes(NamedTuple):
    """What has changed since the decision before: the values then, and each feature's part, shape [d] each."""

    before: Array
    terms: Array


def by_trait(features: Sequence[Feature]) -> tuple[tuple[int, ...], ...]:
    """Places of the features that are categories of one trait, each group with two members at least."""
    groups: dict[str, list[int]] = {}
    for place, feature in enumerate(features):
        if feature.category is not None and feature.value is not None:
            groups.setdefault(feature.value, []).append(place)
    return tuple(tuple(places) for places in groups.values() if len(places) > 1)


def joined(terms: Array, values: Array, groups: Sequence[Sequence[int]]) -> Array:
    """Contributions [d] in which all categories of a trait count as one: at the place of the one that it is.

    Apart, being of one category and not being of the others would be several reasons, each of them false.

    >>> joined(np.array([0.5, -0.4, 1.0]), np.array([1.0, 0.0, 7.0]), [(0, 1)]).round(3).tolist()
    [0.1, 0.0, 1.0]
    """
    if not groups:
        return terms
    told = terms.copy()
    for places in groups:
        at = list(places)
        told[at] = 0.0
        told[at[int(np.argmax(values[at]))]] = terms[at].sum()
    return told


def deciding(
    names: Sequence[str],
    values: Array,
    terms: Array,
    units: Mapping[str, str],
    count: int,
    changes: Changes | None = None,
) -> Any:
    """The `count` features that decided, largest first; ties by declared order.

    Fields of `stream.updates.Deciding`, to be validated with the receipt they become part of: at once in compiled
    code, three times as fast as one by one.

    Parameters
    ----------
    names
        Feature names.
    values
        The customer's values in the features' own units, NaN where there is nothing to measure.
    terms
        Each feature's additive part of what was decided.
    units
        Unit by feature name.
    count
        How many are listed.
    changes
        What has changed since the decision before: then the features that have brought this one about come first,
        instead of those that weigh most.
    """
    listed, numbers = terms.tolist(), values.tolist()
    if changes is None:
        order = sorted(range(len(listed)), key=lambda place: -abs(listed[place]))[:count]
        then: Sequence[tuple[float | None, float | None]] = [(None, None)] * len(listed)
    else:
        parts = changes.terms.tolist()
        order = sorted(range(len(listed)), key=lambda place: (-parts[place], -listed[place]))[:count]
        then = [(_known(value), rounded(part)) for value, part in zip(changes.before.tolist(), parts, strict=True)]
    return tuple(
        [
            {
                "feature": names[place],
                "value": _known(numbers[place]),
                "contribution": rounded(listed[place]),
                "unit": units[names[place]],
                "before": then[place][0],
                "change": then[place][1],
            }
            for place in order
        ]
    )


def _known(value: float) -> float | None:
    return rounded(value) if math.isfinite(value) else None
