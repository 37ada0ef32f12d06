"""The five kinds of customers that the simulated shop has, each with ways of its own."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """How customers of one kind behave, on average.

    Attributes
    ----------
    share
        Of all customers, at the start.
    visits
        A day, after the first visit.
    orders
        Share of visits that end with an order.
    basket
        Products of an order.
    pieces
        Of each product of an order.
    abandoned
        Products put into the cart on a visit without an order, and left there.
    browsed
        Products viewed on a visit and not put into the cart.
    taste
        How much the price draws (above 0: the dearer the better) or repels, in log-odds a standard deviation.
    discount
        Share of the price that they save, by buying what is reduced.
    refunds
        Share of orders of which something is sent back.
    season
        How strongly visits rise in the season, 0 for not at all.
    """

    name: str
    share: float
    visits: float
    orders: float
    basket: float
    pieces: float
    abandoned: float
    browsed: float
    taste: float
    discount: float
    refunds: float
    season: float


KINDS = (
    Kind("loyal", 0.24, 0.068, 0.80, 2.5, 1.0, 0.3, 1.0, 0.0, 0.0, 0.02, 0.3),
    Kind("big_spender", 0.15, 0.020, 0.90, 5.0, 3.2, 0.5, 1.5, 0.9, 0.0, 0.03, 0.8),
    Kind("bargain_hunter", 0.19, 0.040, 0.55, 1.6, 1.0, 0.8, 1.5, -1.2, 0.35, 0.65, 1.0),
    Kind("browser", 0.22, 0.040, 0.01, 1.5, 1.0, 1.2, 3.5, 0.0, 0.0, 0.05, 0.5),
    Kind("lapsed", 0.20, 0.002, 0.95, 2.0, 1.0, 0.2, 1.5, 0.0, 0.0, 0.03, 0.0),
)
"""The last kind came once or twice and stays away; whoever goes quiet ends as one of them."""
