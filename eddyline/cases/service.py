"""What a shop would do for a segment: how much service it gets, and which offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases.shop import Shop
from eddyline.cli.report import number
from stream.feature import Feature
from stream.segments.cards import Card

_MONEY = ("spend", "monetary", "revenue", "amount", "sales")
_VISITS = ("frequency", "visits", "orders", "purchases", "transactions")
_HIGH, _LOW = 1.25, 0.6  # of what all customers spend, or how often they come, on average


class Service(NamedTuple):
    """A tier, `gold`, `silver` or `basic`, with the offer in words; both empty where the columns do not tell."""

    tier: str
    offer: str


def service(shop: Shop, card: Card) -> Service:
    """What a segment's spend and visits suggest.

    Notes
    -----
    The tier goes by what a customer of the segment spends, beside the mean of all; the offer by how they spend it.
    What they spend at a time is that of the segment's centre. Neither age nor a group of people has any part in it.
    """
    features = shop.shoppers.features
    paid, visits = money(features), _column(features, _VISITS)
    if paid is None or visits is None or not card.differences:
        return Service("", _stands_out(card))
    spend, often = shop.chosen.merged.rows[:, paid], shop.chosen.merged.rows[:, visits]
    own = np.array([shop.chosen.of[customer] == card.id for customer in shop.chosen.merged.ids])
    worth, comes = _beside(spend, own), _beside(often, own)
    centre = {one.feature: one.value for one in card.differences}
    basket = centre[features[paid].name] / max(centre[features[visits].name], 1.0)
    unit = f" {features[paid].unit}".rstrip()
    tier = "gold" if worth >= _HIGH else "silver" if worth >= _LOW else "basic"
    if worth >= _HIGH and comes >= _LOW:
        offer = "They spend well and come of their own accord: service first, early access, no discount."
    elif worth >= _HIGH:
        offer = (
            f"Few purchases of about {basket:,.0f}{unit} each: advice before, a call after, and a personal note when "
            "something of that kind comes in."
        )
    elif comes >= _HIGH:
        offer = (
            f"They come often for about {basket:,.0f}{unit}: bundles, and a reward from "
            f"{_round(1.5 * basket):,.0f}{unit} on, so that the basket grows."
        )
    elif comes >= _LOW:
        offer = (
            f"They come, and spend about {basket:,.0f}{unit} each time: show what goes with it, and a small reward for "
            "every fifth purchase."
        )
    else:
        offer = "One good reason to come again, such as a voucher that ends; little effort until they do."
    return Service(tier, offer)


def money(features: Sequence[Feature]) -> int | None:
    """The column of what customers spend, by its name; None where no name says so."""
    return _column(features, _MONEY)


def _column(features: Sequence[Feature], names: tuple[str, ...]) -> int | None:
    return next((place for place, one in enumerate(features) if any(name in one.name for name in names)), None)


def _beside(values: NDArray[np.float64], own: NDArray[np.bool_]) -> float:
    """Mean of the segment to that of all."""
    return float(np.nanmean(values[own]) / max(float(np.nanmean(values)), 1e-9))


def _round(value: float) -> float:
    """Up to a round number."""
    step = 10.0 ** np.floor(np.log10(max(value, 1e-9))) / 2
    return float(np.ceil(value / step) * step)


def _stands_out(card: Card) -> str:
    """What is far from the mean of all, where nothing more is known of the columns."""
    far = [one for one in card.differences if abs(one.z) >= 0.5][:3]
    if not far:
        return "Near the mean of all in everything: what suits most suits them."
    told = [
        f"{'more' if one.z > 0 else 'less'} {one.feature.replace('_', ' ')} "
        f"({number(one.value)}; all: {number(one.overall)})"
        for one in far
    ]
    return f"Stands out by {', '.join(told)}."
