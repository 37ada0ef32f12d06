"""What is known of the segments, put together from the store and the topics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eddyline.moves import read_moves
from eddyline.sample import read_bought, read_sample
from eddyline.settings import Settings
from stream.errors import InputError
from stream.segments.cards import Bought, Card, make_cards, popular_items
from stream.segments.flows import Move, flows, sizes_over_time
from stream.updates import to_iso

STEPS = 40
"""Times at which sizes are told."""

_READ = 2_000  # sampled customers whose orders are read: a uniform sample too, since the sample's order is random


@dataclass(frozen=True)
class SegmentView:
    """A segment's card with what the topics add.

    Attributes
    ----------
    items
        What its customers have bought, by the share of them who did.
    inflow, outflow
        Segment id -> moves of the period; "" are customers assigned for the first time.
    sizes
        Customers at each of `CardsView.times`.
    """

    card: Card
    items: tuple[Bought, ...]
    inflow: dict[str, int]
    outflow: dict[str, int]
    sizes: list[int]


@dataclass(frozen=True)
class CardsView:
    """Cards of some segments; `propensity` are the targets' means over all sampled customers, `times` are in ms."""

    model: int
    segments: tuple[SegmentView, ...]
    names: dict[str, str]
    times: list[int]
    propensity: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "model": self.model,
            "times": [to_iso(time) for time in self.times],
            "propensity": self.propensity,
            "segments": [
                plain(view.card)
                | {"items": plain(view.items), "inflow": view.inflow, "outflow": view.outflow, "sizes": view.sizes}
                for view in self.segments
            ],
        }


def plain(value: Any) -> Any:
    """Named tuples, however deep, as dictionaries."""
    if hasattr(value, "_asdict"):
        return {name: plain(inner) for name, inner in value._asdict().items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value


def read_cards(settings: Settings, segment: str | None, since: int | None, until: int | None) -> CardsView:
    """Cards of all segments, or of one; flows of the period, sizes over all that is kept.

    Raises
    ------
    DataError
        When there are no segments yet.
    InputError
        When there is no such segment.
    """
    model, segments, merged = read_sample(settings)
    if segment is not None and segment not in segments.ids:
        raise InputError(f"there is no segment {segment!r}; those of the present model are {', '.join(segments.ids)}")
    cards = make_cards(merged, model, settings.engine)
    best, _ = segments.predict_many(merged.rows[:_READ])
    bought = read_bought(settings, merged.ids[:_READ])
    baskets: dict[str, list[tuple[str, ...]]] = {known: [] for known in segments.ids}
    for customer, place in zip(merged.ids, best.tolist(), strict=False):
        baskets[segments.ids[place]].append(bought.get(customer, ()))
    items = popular_items(baskets)
    moves = list(read_moves(settings))
    within, times = flows(moves, since, until), steps(moves)
    sizes = sizes_over_time(moves, times)
    return CardsView(
        model=model.version,
        segments=tuple(
            SegmentView(
                card,
                items[card.id],
                within.inflow(card.id),
                within.outflow(card.id),
                sizes.get(card.id, np.zeros(len(times), dtype=np.int64)).tolist(),
            )
            for card in cards
            if segment in (None, card.id)
        ),
        names={**segments.retired, **dict(zip(segments.ids, segments.names, strict=True))},
        times=times,
        propensity=_overall(cards),
    )


def _overall(cards: Sequence[Card]) -> dict[str, float]:
    """Mean probability of each target over all cards' customers."""
    everyone = max(sum(card.size for card in cards), 1)
    sums: defaultdict[str, float] = defaultdict(float)
    for card in cards:
        for target, mean in card.propensity.items():
            sums[target] += mean * card.size
    return {target: round(total / everyone, 6) for target, total in sums.items()}


def steps(moves: list[Move], count: int = STEPS) -> list[int]:
    """Times from the first move to the last, evenly spaced; none where there are no moves."""
    if not moves:
        return []
    first, last = min(move.time for move in moves), max(move.time for move in moves)
    return [first + (last - first) * step // (count - 1) for step in range(count)]
