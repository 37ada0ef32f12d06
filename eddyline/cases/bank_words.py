"""How the cases of the bank are told."""

from __future__ import annotations

from dataclasses import dataclass

from eddyline.cases.costs import Costs


@dataclass(frozen=True)
class Words:
    """How the case is told, and what its mistakes cost where nothing else is stated.

    Attributes
    ----------
    title
        Of the report.
    event, happened
        What is predicted, as a noun, and as what a customer does.
    approved, refused
        What is done below the threshold, and at or above it, as participles.
    in_vain
        What it is when that is done to one to whom it does not happen.
    missed, wrong
        The two mistakes.
    costs
        Of them, by default.
    unit
        Of the costs.
    judged
        Whether it is good for a customer to be below the threshold: an approval. A call is neither.
    """

    title: str
    event: str
    happened: str
    approved: str
    refused: str
    in_vain: str
    missed: str
    wrong: str
    costs: Costs
    unit: str
    judged: bool = False


LOANS = Words(
    "Bank: who will default",
    "default",
    "default",
    "approved",
    "refused",
    "refused wrongly",
    "a default that was approved",
    "a good customer who was refused",
    Costs(5_000, 1_000),
    "EUR",
    judged=True,
)
CALLS = Words(
    "Bank: who will subscribe to a deposit",
    "subscription",
    "subscribe",
    "not called",
    "called",
    "called in vain",
    "a subscriber who was not called",
    "a call in vain",
    Costs(80, 8),
    "EUR",
)
OTHER = Words(
    "Who will it happen to",
    "case",
    "turn out as cases",
    "left alone",
    "acted on",
    "acted on in vain",
    "a case that was left alone",
    "action in vain",
    Costs(5, 1),
    "units",
)
