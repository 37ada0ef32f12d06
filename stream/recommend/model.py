"""The items part of a model: nearest items and popular ones, frozen."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Neighbours = Mapping[str, float]
"""Items with their similarity, most similar first."""

PULL = 0.75
"""Exponent that turns an item's mass into pull: at 0 lists are full of rarities, at 1 they are nearly all popular."""


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
    """

    neighbours: Mapping[str, Neighbours]
    popular: tuple[tuple[str, float], ...]
    measured: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def pull(self) -> Mapping[str, float]:
        """Item -> (mass / largest mass) ^ `PULL`: how much the orders of all customers speak for it."""
        top = max(self.measured.values(), default=0.0)
        return {item: 2.0 ** (PULL * (size - top)) for item, size in self.measured.items()}

    @cached_property
    def offers(self) -> Mapping[str, Mapping[str, float]]:
        """Item -> its nearest items with similarity times pull: what it adds to their scores, worked out once."""
        pull = self.pull
        return {
            item: {other: similar * pull[other] for other, similar in near.items() if other in pull}
            for item, near in self.neighbours.items()
        }

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
        )
