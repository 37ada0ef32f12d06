"""Why single customers have their scores, in words."""

from __future__ import annotations

import math

from eddyline.cases import bank_pictures
from eddyline.cases.bank import Bank
from eddyline.cases.bank_explained import Explained
from eddyline.cases.report import Report, apart, upper


def add_reasons(made: Report, bank: Bank) -> None:
    """Add the part of three customers."""
    if not bank.explained:
        return
    made.head("Why this customer")
    for one in bank.explained:
        made.say(told(one, bank))
    made.say(
        "Scores and reasons are those of the model as it was when the customer came, before it learnt the outcome. "
        "What all columns add sums to the log-odds less those of an average customer; told are the largest, until no "
        "more than a third of that is left to the others, and six at most. Reasons are the model's, not causes: that "
        "something speaks for a score does not mean that changing it would change what happens."
    )
    made.picture("The largest reasons of three customers", lambda: bank_pictures.reasons(bank))


def told(one: Explained, bank: Bank) -> str:
    """A customer's score and its reasons in words.

    Each reason is what it adds to the log-odds, as the factor by which it multiplies the odds.
    """
    words, at = bank.customers.words, bank.costs.threshold
    reasons = []
    for reason in one.reasons:
        factor = math.exp(abs(reason.adds))
        does = "multiplies" if reason.adds > 0 else "divides"
        middle = "" if reason.usual is None else f" (middle: {reason.usual})"
        reasons.append(f"{reason.column}: {reason.value}{middle} {does} the odds by {factor:.3g} ({reason.adds:+.2f})")
    rest = one.total - sum(reason.adds for reason in one.reasons)
    score, threshold = apart(100 * one.score, 100 * at)
    beside = "below" if one.score < at else "at or above"
    decision = words.approved if one.score < at else words.refused
    return (
        f"Row {one.row + 1:,}: {score}%, {beside} the threshold of {threshold}%, so {decision}; decile {one.decile} of "
        f"10. {upper('; '.join(reasons))}; all other columns together {rest:+.2f}. From {one.base:+.2f} of an average "
        f"customer that comes to {one.base + one.total:+.2f} in log-odds. The outcome: "
        f"{'' if one.happened else 'no '}{words.event}."
    )
