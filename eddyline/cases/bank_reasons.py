"""Why single customers have their scores, in words."""

from __future__ import annotations

import math

from eddyline.cases import bank_pictures
from eddyline.cases.bank import Bank
from eddyline.cases.bank_explained import Explained
from eddyline.cases.report import Report, upper
from eddyline.cli.report import number


def add_reasons(made: Report, bank: Bank) -> None:
    """Add the part of three customers."""
    if not bank.explained:
        return
    made.head("Why this customer")
    for one in bank.explained:
        made.say(told(one, bank))
    made.say(
        "What all features add sums to the log-odds less those of an average customer. Reasons are the model's, not "
        "causes: that something speaks for a score does not mean that changing it would change what happens."
    )
    made.picture("The three largest reasons of three customers", lambda: bank_pictures.reasons(bank))


def told(one: Explained, bank: Bank) -> str:
    """A customer's score and its reasons in words.

    Each reason is what it adds to the log-odds, as the factor by which it multiplies the odds.
    """
    words = bank.customers.words
    reasons = []
    for reason in one.reasons:
        factor = math.exp(abs(reason.adds))
        does = "multiplies" if reason.adds > 0 else "divides"
        value = _value(reason.feature, reason.value, reason.usual)
        reasons.append(f"{value} {does} the odds by {factor:.3g} ({reason.adds:+.2f})")
    rest = one.total - sum(reason.adds for reason in one.reasons)
    decision = words.refused if one.score >= bank.costs.threshold else words.approved
    came = words.happened if one.happened else f"not {words.happened}"
    return (
        f"Row {one.row + 1:,}: {one.score:.1%}, decile {one.decile} of 10, {decision}. {upper('; '.join(reasons))}; "
        f"all other features together {rest:+.2f}. From {one.base:+.2f} of an average customer that comes to "
        f"{one.base + one.total:+.2f} in log-odds. What came: did {came}."
    )


def _value(feature: str, value: float, usual: float) -> str:
    if " is " in feature:
        return f"{feature} ({'yes' if value else 'no'})"
    shown = "unknown" if math.isnan(value) else number(value)
    return f"{feature} {shown}" + ("" if value == usual else f" (middle: {number(usual)})")
