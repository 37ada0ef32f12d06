"""The items part of a model: nearest items and popular ones, frozen."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Neighbours = Mapping[str, float]
"""Items with their similarity, most similar first."""


@dataclass(frozen=True, eq=False)
class ItemsModel:
    """What goes with what, and what goes anyway.

    Attributes
    ----------
    neighbours
        Item -> its nearest items with their similarity in (0, 1], most similar first, ties by name.
    popular
        Items with their decayed weight, heaviest first, ties by name.
    measured
        Item -> log2 of its mass when its neighbours were computed: by it the next merge knows what has grown since.
    shared
        Whether more than one partition has counted: what others have counted, a partition knows from here only.
    weights
        Situation -> how much each feature of a candidate counts (`stream.recommend.blend`).
    """

    neighbours: Mapping[str, Neighbours]
    popular: tuple[tuple[str, float], ...]
    measured: Mapping[str, float] = field(default_factory=dict)
    shared: bool = False
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for msgpack; names once, neighbours as their places, floats as 32 bits.

        A similarity is held with 24 bits (see `stream.recommend.merge`), so nothing is lost.
        """
        others = (other for row in self.neighbours.values() for other in row)
        names = sorted({*self.neighbours, *self.measured, *others})
        place = {name: number for number, name in enumerate(names)}
        items = sorted(self.neighbours)
        return {
            "names": names,
            "items": array("I", [place[item] for item in items]).tobytes(),
            "lengths": array("I", [len(self.neighbours[item]) for item in items]).tobytes(),
            "others": array("I", [place[other] for item in items for other in self.neighbours[item]]).tobytes(),
            "similarities": array("f", [near for item in items for near in self.neighbours[item].values()]).tobytes(),
            "popular": [list(pair) for pair in self.popular],
            "measured": array("I", [place[item] for item in self.measured]).tobytes(),
            "masses": array("d", self.measured.values()).tobytes(),
            "shared": self.shared,
            "weights": {situation: list(weights) for situation, weights in self.weights.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ItemsModel:
        """Reverse of `to_dict`."""
        names = values["names"]
        others = [names[place] for place in array("I", values["others"])]
        pairs = list(zip(others, array("f", values["similarities"]), strict=True))
        neighbours: dict[str, Neighbours] = {}
        start = 0
        for place, length in zip(array("I", values["items"]), array("I", values["lengths"]), strict=True):
            neighbours[names[place]] = dict(pairs[start : start + length])
            start += length
        measured = [names[place] for place in array("I", values["measured"])]
        return cls(
            neighbours,
            tuple((item, weight) for item, weight in values["popular"]),
            dict(zip(measured, array("d", values["masses"]), strict=True)),
            values.get("shared", False),
            {situation: tuple(weights) for situation, weights in values.get("weights", {}).items()},
        )
