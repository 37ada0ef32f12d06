"""How a customer stands with one target."""

from __future__ import annotations

from typing import Any

from stream.propensity.labels import OpenExample


class Standing:
    """What was last said of a customer, and what is waited for; changed in place.

    Attributes
    ----------
    published
        Score last published; None before the first.
    scored_at
        Event time (ms) of the last scoring, published or not; 0 before the first.
    example
        The open example, if there is one.
    """

    __slots__ = ("example", "published", "scored_at")

    def __init__(self, published: float | None = None, scored_at: int = 0, example: OpenExample | None = None) -> None:
        self.published = published
        self.scored_at = scored_at
        self.example = example

    def to_list(self) -> list[Any]:
        """Plain values, for msgpack; floats exact."""
        return [self.published, self.scored_at, None if self.example is None else self.example.pack()]

    @classmethod
    def from_list(cls, values: list[Any]) -> Standing:
        """Reverse of `to_list`."""
        published, scored_at, example = values
        return cls(published, scored_at, None if example is None else OpenExample.unpack(example))
