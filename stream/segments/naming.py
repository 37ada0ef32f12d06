"""Names of segments, made of what sets each apart, and kept until their meaning changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.config import Feature

Array = NDArray[np.float64]

_WORTH_SAYING = 0.25  # standard deviations from the mean
_SAME = 0.85  # correlation above which two features say the same
_HOLDS = 0.75  # of the second largest deviation: what was said is still about as true
_UNSAID = 1.5  # times the largest deviation that was said: something else has come to matter more


class Naming(NamedTuple):
    """Names, and the signed features each was made of (none for a name that was given)."""

    names: tuple[str, ...]
    marks: tuple[tuple[str, ...], ...]


def name_segments(
    ids: Sequence[str],
    z: Array,
    values: Array,
    features: Sequence[Feature],
    correlation: Array,
    previous: Mapping[str, tuple[str, tuple[str, ...]]],
    chosen: Mapping[str, str],
) -> Naming:
    """Name segments.

    Parameters
    ----------
    ids
        Segment ids, k of them.
    z
        Centres in standard deviations from the mean of all customers, shape [k, d].
    values
        Centres in the features' own units, shape [k, d]: nobody is called lapsed after ten days, whatever others do.
    features
        Declared features, d of them, with their words for high and low.
    correlation
        Of the features, shape [d, d]: of two that say the same, or share a theme, one is said.
    previous
        Id -> name and marks in the version before. A name is kept while each of its marks is still among the
        segment's three largest deviations, or nearly as large as the second, unless another now towers over them.
    chosen
        Names that are given, id -> name; they win.

    Examples
    --------
    >>> import numpy as np
    >>> features = [Feature(name="frequency", aggregate="count", high="frequent", low="rare"),
    ...             Feature(name="spend", aggregate="sum", value="revenue", high="high spend", low="low spend")]
    >>> z = np.array([[1.5, 1.2], [-0.4, -0.1]])
    >>> name_segments(["s1", "s2"], z, z, features, np.eye(2), {}, {})
    Naming(names=('Frequent, high spend', 'Rare'), marks=(('+frequency', '+spend'), ('-frequency',)))
    """
    names: dict[str, str] = {known: chosen[known] for known in ids if known in chosen}
    marks: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    rankings = {known: _ranking(row, own, features) for known, row, own in zip(ids, z, values, strict=True)}
    for known in ids:  # those whose name stays come first, so that newcomers cannot take it
        if known not in names and known in previous:
            name, said = previous[known]
            if said and name not in names.values() and _still_true(said, rankings[known]):
                names[known], marks[known] = name, said
    for known in ids:
        if known not in names:
            names[known], marks[known] = _fresh(rankings[known], features, correlation, set(names.values()))
    return Naming(tuple(names[known] for known in ids), tuple(marks[known] for known in ids))


def _ranking(row: Array, values: Array, features: Sequence[Feature]) -> list[tuple[str, float, int]]:
    """(mark, size, column) of the deviations that may be said, largest first; the first declared wins a tie."""
    order = np.argsort(-np.abs(row), kind="stable").tolist()
    return [
        (f"{'+' if row[place] > 0 else '-'}{features[place].name}", abs(float(row[place])), place)
        for place in order
        if _holds(features[place], float(row[place]), float(values[place]))
    ]


def _holds(feature: Feature, deviation: float, value: float) -> bool:
    """Whether the word for a deviation is true of the value itself."""
    if deviation > 0:
        return feature.high_from is None or value >= feature.high_from
    return feature.low_to is None or value <= feature.low_to


def _still_true(said: Sequence[str], ranking: Sequence[tuple[str, float, int]]) -> bool:
    sizes = {mark: size for mark, size, _ in ranking}
    if not set(said) <= sizes.keys():
        return False
    largest, second = ranking[0][1], ranking[min(1, len(ranking) - 1)][1]
    true = {mark for rank, (mark, size, _) in enumerate(ranking) if rank < 3 or size >= _HOLDS * second}
    return set(said) <= true and largest <= _UNSAID * max(sizes[mark] for mark in said)


def _fresh(
    ranking: Sequence[tuple[str, float, int]], features: Sequence[Feature], correlation: Array, taken: set[str]
) -> tuple[str, tuple[str, ...]]:
    """Two features, or as many more as it takes to be unique; then a number."""
    telling: list[tuple[str, int]] = []
    for mark, size, place in ranking:
        said = (other for _, other in telling)
        if size >= _WORTH_SAYING and not any(_same(features, correlation, place, other) for other in said):
            telling.append((mark, place))
    name = "Average"
    for count in range(min(2, len(telling)), len(telling) + 1):
        words = ", ".join(_word(features[place], mark) for mark, place in telling[:count])
        name = words[:1].upper() + words[1:] or name
        if name not in taken:
            return name, tuple(mark for mark, _ in telling[:count])
    number = next(number for number in range(2, len(taken) + 3) if f"{name} {number}" not in taken)
    return f"{name} {number}", tuple(mark for mark, _ in telling)


def _same(features: Sequence[Feature], correlation: Array, one: int, other: int) -> bool:
    theme = features[one].theme
    return abs(float(correlation[one, other])) > _SAME or (theme != "" and theme == features[other].theme)


def _word(feature: Feature, mark: str) -> str:
    if mark.startswith("+"):
        return feature.high or f"high {feature.name.replace('_', ' ')}"
    return feature.low or f"low {feature.name.replace('_', ' ')}"
