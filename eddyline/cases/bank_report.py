"""The bank's report, as its risk officer reads it."""

from __future__ import annotations

from eddyline.cases import bank_pictures
from eddyline.cases.bank import FOREST, ONLINE, Bank
from eddyline.cases.bank_fairness import add_fairness
from eddyline.cases.bank_numbers import numbers
from eddyline.cases.bank_reasons import add_reasons
from eddyline.cases.costs import Policy
from eddyline.cases.few import WANTED, Few
from eddyline.cases.paired import Paired
from eddyline.cases.report import Report, listed, percent, upper

_CHANGED = 0.3  # of the share before: what is worth a sentence
_TEACHES = (
    "Logistic regression adds up its features: it needs the least data, explains itself, and is the first to try. A "
    "decision tree is a few questions that anyone can follow, and is seldom the best. A random forest, many trees, "
    "finds what features do together, if there are thousands of rows. A neural network finds it too, needs more care, "
    "and explains nothing by itself. Take the simplest whose score is as good."
)


def report(bank: Bank, few: Few | None, seed: int) -> Report:
    """All that is said and drawn."""
    words, table = bank.customers.words, bank.customers.table
    made = Report(words.title)
    made.numbers.update(numbers(bank, few, seed))
    kept_out = [name for name in bank.customers.groups if name != "age"]
    made.say(
        f"{len(table):,} customers in order, of whom {table.labels.mean():.1%} {words.happened}.",
        "They are made up, so that the true probability of each is known."
        if bank.truth is not None
        else "Nobody knows their true probabilities.",
        f"{upper(listed(kept_out))} {'has' if len(kept_out) == 1 else 'have'} no part in the score, and "
        f"{'is' if len(kept_out) == 1 else 'are'} looked at afterwards."
        if kept_out
        else "",
        *table.notes,
    )
    if few is not None:
        _few(made, bank, few)
    _models(made, bank)
    _threshold(made, bank)
    _appetite(made, bank)
    add_reasons(made, bank)
    add_fairness(made, bank)
    return made


def _few(made: Report, bank: Bank, few: Few) -> None:
    made.head(f"What {few.customers} customers can tell")
    truth = [] if few.models[0].fresh is None else [("On many others", "right")]
    cells = [
        [
            one.name,
            f"{one.auc:.2f}",
            f"{one.low:.2f} to {one.high:.2f}",
            *([] if one.fresh is None else [f"{one.fresh:.2f}"]),
        ]
        for one in few.models
    ]
    made.table([("Model", "left"), ("AUC", "right"), ("95% interval", "right"), *truth], cells)
    first = few.models[0]
    apart = few.models[0].low > few.models[1].high or few.models[1].low > few.models[0].high
    names, unsure = bank.customers.names, [name for name, share in few.signs.items() if share < 0.9]
    made.say(
        f"With {few.cases} of {few.customers} who {bank.customers.words.happened}, an AUC of {first.auc:.2f} may be "
        f"anything from {first.low:.2f} to {first.high:.2f}.",
        "" if apart else "The two models cannot be told apart, whatever the middle of their intervals says.",
        "On many others is what the same models are worth in truth." if truth else "",
        ""
        if few.truth is None
        else f"Nothing can be better than {few.truth:.2f}: that is what the true probabilities reach.",
    )
    made.say(
        "Drawn again, the customers do not even agree on the direction in which "
        f"{listed([names.get(one, one) for one in unsure])} work{'s' if len(unsure) == 1 else ''}."
        if 0 < len(unsure) <= 6
        else "",
        f"An AUC within {WANTED:g} either way needs about {few.needed:,} customers like these.",
        "Fifty customers teach the method; they decide nothing.",
    )
    made.picture(
        "AUC of few customers, with its interval and what it is in truth", lambda: bank_pictures.uncertainty(few)
    )


def _models(made: Report, bank: Bank) -> None:
    made.head("Online against batch")
    columns = [("Model", "left"), ("AUC", "right"), ("± 95%", "right"), ("Log loss", "right")]
    columns += [("Calibration error", "right")] + ([("Off the truth", "right")] if bank.truth is not None else [])
    cells = []
    for one in (*bank.models, *([bank.truth] if bank.truth is not None else [])):
        found = one.outcomes
        cells.append(
            [
                one.name,
                f"{one.auc:.3f}",
                f"{1.96 * one.spread:.3f}",
                f"{found.log_loss() or 0:.3f}",
                f"{found.calibration_error() or 0:.3f}",
                *([] if one.off is None else [f"{one.off:.3f}"]),
            ]
        )
    made.table(columns, cells)
    best = max((one for one in bank.models if one.name.endswith("batch")), key=lambda one: one.auc)
    nearest = max((one for one in bank.models if one.name.endswith("online")), key=lambda one: one.auc)
    far = bank.batch
    made.say(
        f"Measured on the last {len(bank.test):,}. Online models have scored each before they learnt its outcome, and "
        f"are renewed every {bank.block}; batch models have learnt once, from all before these.",
        f"The best online model ({_short(nearest.name)}) is {abs(far.difference):.3f} "
        f"{'below' if far.difference < 0 else 'above'} the best batch one ({_short(best.name)}; 95% interval of the "
        f"difference {_interval(far)}): "
        + ("more than these rows would give by chance." if far.certain else "less than these rows can tell apart."),
        _aged(bank),
    )
    made.say(*_decides(bank))
    made.say(
        "Off the truth: how far a probability is from the true one, on average. The calibration error says how far "
        "groups of like probabilities are from what came; with so few rows the truth itself has one."
        if bank.truth is not None
        else "The calibration error says how far groups of like probabilities are from what came."
    )
    made.say(_TEACHES)
    made.picture("ROC curves of all models", lambda: bank_pictures.curves(bank))
    made.picture("Calibration: whether probabilities mean what they say", lambda: bank_pictures.calibrated(bank))


def _decides(bank: Bank) -> list[str]:
    """Which online model the rest of the report is of, why, and what the choice costs or saves."""
    words, before, forest = bank.customers.words, bank.before, bank.forest
    chosen, other = bank.policies[0].cost, bank.other.cost
    by = "above" if before.difference > 0 else "below"
    told = (
        f"In the customers just before these, the online forest was {abs(before.difference):.3f} {by} the online "
        f"logistic regression (95% interval {_interval(before)})"
    )
    return [
        f"The scores that follow are those of {_short(bank.decides)} online. {told}: "
        + (
            "more than chance, so that it decides."
            if bank.decides == FOREST
            else "no better beyond chance, so that the simpler one decides."
        ),
        f"In the customers measured here the forest is {abs(forest.difference):.3f} "
        f"{'above' if forest.difference > 0 else 'below'} the logistic regression ({_interval(forest)}: "
        f"{'more than' if forest.certain else 'within'} chance); at the "
        f"threshold below, {_short(bank.decides)} costs {_money(chosen)} {words.unit} a customer, and "
        f"{_short(FOREST if bank.decides == ONLINE else ONLINE)} {_money(other)}.",
        "The reasons of both sum to the score; those of a forest come from the questions that its trees ask."
        if bank.decides == FOREST
        else "",
    ]


def _interval(one: Paired) -> str:
    return f"{one.low:+.3f} to {one.high:+.3f}"


def _short(name: str) -> str:
    """A model without how it learns.

    >>> _short("Random forest, online")
    'random forest'
    """
    return name.split(",")[0].lower()


def _aged(bank: Bank) -> str:
    """What has changed since batch models learnt, if much has."""
    labels, words = bank.customers.table.labels, bank.customers.words
    before, now = float(labels[: -len(bank.test)].mean()), float(labels[bank.test].mean())
    if abs(now - before) < _CHANGED * before:
        return ""
    return (
        f"Customers have changed: {before:.1%} {words.happened} before these, and {now:.1%} of these. A model that has "
        "learnt once does not know it, and its probabilities are off; retrain it, or learn online."
    )


def _threshold(made: Report, bank: Bank) -> None:
    words, costs = bank.customers.words, bank.costs
    made.head("The threshold, by what mistakes cost")
    names = {
        "chosen": "Chosen by the costs",
        "half": "One half",
        "nobody": f"Nobody {words.refused}",
        "everybody": f"Everybody {words.refused}",
    }
    cells = [_line(names[one.name], one, bank, threshold=one.name in ("chosen", "half")) for one in bank.policies]
    made.table(_columns("Rule", bank), cells)
    chosen = bank.policies[0]
    naive = min(bank.policies[1:], key=lambda one: one.cost)
    saved = naive.cost - chosen.cost
    made.say(
        f"Stated: {costs.missed:,.6g} {words.unit} for {words.missed}, {costs.refused:,.6g} for {words.wrong}. A "
        f"probability that comes true is cheapest cut at {costs.refused:,.6g} / ({costs.refused:,.6g} + "
        f"{costs.missed:,.6g}) = {costs.threshold:.3f}; in the customers just before the test, {bank.cheapest:.3f} "
        "would have been cheapest.",
        f"Beside the best of the naive rules ({names[naive.name].lower()}) that "
        + (
            f"saves {_money(saved)} {words.unit} a customer."
            if saved > 0
            else f"saves nothing here: it costs {_money(-saved)} more a customer."
        ),
    )
    made.picture("Expected cost by threshold", lambda: bank_pictures.costs(bank))


def _appetite(made: Report, bank: Bank) -> None:
    words = bank.customers.words
    made.head("An adviser by appetite for risk")
    cells = [_line(f"{name.capitalize()} appetite", one, bank) for name, one in bank.appetite.items()]
    made.table(_columns("Appetite", bank), cells)
    low, medium, high = (bank.appetite[name] for name in ("low", "medium", "high"))
    made.say(
        f"Low: {words.missed} hurts twice as much as stated; only {low.approved:.0%} are {words.approved}, and "
        f"{percent(low.bad_share)} of them {words.happened}. Medium: as stated; {medium.approved:.0%} and "
        f"{percent(medium.bad_share)}. High: it hurts half as much; {high.approved:.0%} are "
        f"{words.approved}, and {percent(high.bad_share)} of them {words.happened}. The costs in the table are the "
        "stated ones for all three."
    )


def _columns(first: str, bank: Bank) -> list[tuple[str, str]]:
    words = bank.customers.words
    return [
        (first, "left"),
        ("Threshold", "right"),
        (f"Cost a customer ({words.unit})", "right"),
        (words.approved.capitalize(), "right"),
        (f"Of those, {words.happened}", "right"),
        ("Caught", "right"),
        (words.in_vain.capitalize(), "right"),
    ]


def _line(name: str, one: Policy, bank: Bank, *, threshold: bool = True) -> list[str]:
    return [
        name,
        f"{one.threshold:.3f}" if threshold else "-",
        _money(one.cost),
        f"{one.approved:.0%}",
        percent(one.bad_share),
        f"{one.caught:.0%}",
        f"{one.refused_wrongly:.0%}",
    ]


def _money(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"
