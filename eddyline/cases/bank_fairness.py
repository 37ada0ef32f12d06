"""What the bank's report says of groups of people: how each fares, by which features, and what to do."""

from __future__ import annotations

from eddyline.cases import bank_pictures
from eddyline.cases.bank import Bank
from eddyline.cases.bank_words import LOANS
from eddyline.cases.fairness import FEW, FOUR_FIFTHS, Gap, gap
from eddyline.cases.report import Report, apart, listed, percent, upper


def add_fairness(made: Report, bank: Bank) -> None:
    """Add a part for each group, and one of what to do."""
    for group in bank.treated:
        _fairness(made, bank, group)
    _to_do(made, bank)


def _fairness(made: Report, bank: Bank, group: str) -> None:
    words, found = bank.customers.words, bank.treated[group]
    made.head(f"Fairness by {group}")
    half = sum(one.size for one in found)
    made.say(
        f"Of the last {half:,} customers, the second half of the stream, so that small groups are large enough; what "
        f"stands above is measured on the last {len(bank.test):,}. Scores and threshold are the same."
    )
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
            (upper(group), "left"),
            ("Customers", "right"),
            (words.happened.capitalize(), "right"),
            ("Mean score", "right"),
            (words.approved.capitalize(), "right"),
            (words.in_vain.capitalize(), "right"),
            ("Caught", "right"),
        ],
        cells,
    )
    differ = gap(found)
    if differ is None:
        made.say("The groups are too small to say anything of them.")
        return
    made.say(*_verdict(bank, group, differ))
    made.picture(f"Who is {words.refused}, by {group}", lambda: bank_pictures.fairness(bank, group))


def _verdict(bank: Bank, group: str, differ: Gap) -> list[str]:
    words, worse, better = bank.customers.words, differ.worse, differ.better
    said = [
        f"Of those who did not {words.happened}, {worse.refused_wrongly:.1%} ({worse.group}) and "
        f"{better.refused_wrongly:.1%} ({better.group}) are {words.refused}: these false-positive rates "
        "are " + ("more apart than chance explains." if differ.certain else "no more apart than chance explains."),
        _four_fifths(differ) if words.judged else _shares(bank, group),
    ]
    if group == "age":
        said.append("Age is a feature of the score." if bank.ages else "Age is no feature of the score.")
    elif bank.protected_gain is not None:
        said.append(
            f"{upper(group)} is no feature; with all that is kept out as features too, the AUC would change by "
            f"{bank.protected_gain:+.4f}."
        )
    if differ.certain and bank.carried[group]:
        by = " and ".join(f"{one.column} ({one.adds:+.2f})" for one in bank.carried[group])
        said.append(f"What sets the two groups' scores apart most, in log-odds on average: {by}.")
    return said


def _four_fifths(differ: Gap) -> str:
    ratio, bound = apart(differ.ratio, FOUR_FIFTHS, 2)
    said = f"The lowest share approved is {ratio} of the highest, "
    return said + (
        f"below the {bound} of the four-fifths rule."
        if differ.ratio < FOUR_FIFTHS
        else f"within the four-fifths rule ({bound})."
    )


def _shares(bank: Bank, group: str) -> str:
    """Where nobody is approved or refused, only how the shares differ."""
    known = sorted((one for one in bank.treated[group] if one.size >= FEW), key=lambda one: -one.approved)
    least, most, words = known[0], known[-1], bank.customers.words
    return (
        f"From {1 - least.approved:.1%} ({least.group}) to {1 - most.approved:.1%} ({most.group}) are {words.refused}; "
        "whether that is good or bad for them is for people to say, so that no rule of equal shares is applied."
    )


def _to_do(made: Report, bank: Bank) -> None:
    words = bank.customers.words
    gaps = {group: differ for group, found in bank.treated.items() if (differ := gap(found)) is not None}
    flagged = [
        group for group, differ in gaps.items() if differ.certain or (words.judged and differ.ratio < FOUR_FIFTHS)
    ]
    if not gaps:
        return
    made.head("What to do about fairness")
    if not flagged:
        made.say("Nothing stands out. Measure it again each month: small groups need more customers to say much.")
        return
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
