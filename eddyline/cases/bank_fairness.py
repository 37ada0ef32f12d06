"""What the bank's report says of groups of people: how each fares, by which features, and what to do."""

from __future__ import annotations

from eddyline.cases import bank_pictures
from eddyline.cases.bank import Bank
from eddyline.cases.bank_data import LOANS
from eddyline.cases.fairness import FOUR_FIFTHS, Gap, gap
from eddyline.cases.report import Report, listed, percent


def add_fairness(made: Report, bank: Bank) -> None:
    """Add a part for each group, and one of what to do."""
    for group in bank.treated:
        _fairness(made, bank, group)
    _to_do(made, bank)


def _fairness(made: Report, bank: Bank, group: str) -> None:
    words, found = bank.customers.words, bank.treated[group]
    made.head(f"Fairness by {group}")
    cells = [
        [
            one.group,
            f"{one.size:,}",
            f"{one.happened:.1%}",
            f"{one.predicted:.1%}",
            f"{one.approved:.1%}",
            f"{one.refused_wrongly:.1%}",
            percent(one.caught),
        ]
        for one in found
    ]
    made.table(
        [
            (group.capitalize(), "left"),
            ("Customers", "right"),
            (words.happened.capitalize(), "right"),
            ("Mean score", "right"),
            (words.approved.capitalize(), "right"),
            (f"{words.refused.capitalize()} wrongly", "right"),
            ("Caught", "right"),
        ],
        cells,
    )
    apart = gap(found)
    if apart is None:
        made.say("The groups are too small to say anything of them.")
        return
    made.say(*_verdict(bank, group, apart))
    made.picture(f"Who is {words.refused}, by {group}", lambda: bank_pictures.fairness(bank, group))


def _verdict(bank: Bank, group: str, apart: Gap) -> list[str]:
    words = bank.customers.words
    said = [
        f"Of those who did not {words.happened}, {apart.worse.refused_wrongly:.1%} ({apart.worse.group}) and "
        f"{apart.better.refused_wrongly:.1%} ({apart.better.group}) are {words.refused}: these false-positive rates "
        "are " + ("more apart than chance explains." if apart.certain else "no more apart than chance explains."),
        f"The lowest share {words.approved} is {apart.ratio:.2f} of the highest"
        + (
            f", below the {FOUR_FIFTHS:g} of the four-fifths rule."
            if apart.ratio < FOUR_FIFTHS
            else f": within the four-fifths rule ({FOUR_FIFTHS:g})."
        ),
    ]
    if group == "age":
        said.append("Age is a feature of the score." if bank.ages else "Age is no feature of the score.")
    elif bank.protected_gain is not None:
        said.append(
            f"{group.capitalize()} is no feature; with all that is kept out as features too, the AUC would change by "
            f"{bank.protected_gain:+.4f}."
        )
    if apart.certain and bank.carried[group]:
        by = " and ".join(f"{one.column} ({one.adds:+.2f})" for one in bank.carried[group])
        said.append(f"What sets the two groups' scores apart most, in log-odds on average: {by}.")
    return said


def _to_do(made: Report, bank: Bank) -> None:
    gaps = {group: apart for group, found in bank.treated.items() if (apart := gap(found)) is not None}
    flagged = [group for group, apart in gaps.items() if apart.certain or apart.ratio < FOUR_FIFTHS]
    if not gaps:
        return
    made.head("What to do about fairness")
    if not flagged:
        made.say("Nothing stands out. Measure it again each month: small groups need more customers to say much.")
        return
    words = bank.customers.words
    made.say(
        f"Look at {listed(flagged)}. Ask of each feature that carries the difference whether it is needed and "
        f"justified; look by hand at those of the group who are {words.refused} near the threshold; and decide, in "
        "writing, which of the rates must be equal. Where groups differ in how often it happens, a score that means "
        "the same for both and equal false-positive rates cannot both be had (Chouldechova 2017; Kleinberg, "
        "Mullainathan & Raghavan 2016). Leaving a column out does not settle it, as other columns carry it.",
        "Whether a group may be a feature at all is a question of law: for credit, neither EU nor US law lets sex be "
        "one."
        if words is LOANS
        else "",
    )
