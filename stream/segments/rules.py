"""The segments as a few rules that people can read: a small decision tree that imitates them, and how well it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.config import Feature
from stream.segments.model import SegmentsModel
from stream.updates import rounded

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

Array = NDArray[np.float64]
_Places = NDArray[np.intp]

TRUSTED = 0.8
"""Fidelity below which the rules are not to be trusted."""

_FOLDS = 5
_LARGEST = 1e30  # trees compute in 32 bits


class Condition(NamedTuple):
    """What is asked of one feature: above `low` and at most `high`, where given, in its own unit.

    `unknown` says whether customers without a value pass. With neither border it is all that is asked.
    """

    feature: str
    low: float | None
    high: float | None
    unknown: bool


class Rule(NamedTuple):
    """Customers for whom all conditions hold are mostly of one segment.

    `customers` of the sample are covered, of whom the share `precision` is in the segment; that is the share `recall`
    of the segment's.
    """

    conditions: tuple[Condition, ...]
    segment: str
    customers: int
    precision: float
    recall: float


class Rules(NamedTuple):
    """Rules that cover all customers.

    Attributes
    ----------
    rules
        Those that cover most customers first.
    fidelity
        Share of the customers whom rules put into their segment, of rules fitted without them (five folds).
    baseline
        The same where everyone were put into the largest segment.
    unnamed
        Segments that no rule leads to.
    """

    rules: tuple[Rule, ...]
    fidelity: float
    baseline: float
    unnamed: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Whether the rules say nearly what the segments are."""
        return self.fidelity >= TRUSTED


def make_rules(rows: Array, segments: SegmentsModel, depth: int = 3) -> Rules:
    """Imitate the segments with a decision tree.

    Parameters
    ----------
    rows
        Raw feature rows of a uniform sample, in an order that says nothing about them, shape [n, d], NaN where there
        is nothing to measure.
    segments
        What is imitated: which segment each row is nearest to.
    depth
        Largest number of questions on the way to a segment.

    Raises
    ------
    ValueError
        Where there are fewer than ten rows.

    Notes
    -----
    A global surrogate: Craven & Shavlik (1996), "Extracting Tree-Structured Representations of Trained Networks". Rows
    are asked for their raw values, so that a rule holds for data at hand, without any scaling. Fidelity is measured on
    rows that the tree has not seen; the rules shown are fitted to all of them.
    """
    if len(rows) < 2 * _FOLDS:
        raise ValueError(f"{len(rows)} customers are too few for rules")
    labels, _ = segments.predict_many(rows)
    values = np.clip(np.where(np.isinf(rows), np.nan, rows), -_LARGEST, _LARGEST).astype(np.float32)
    folds = np.arange(len(rows)) % _FOLDS
    right = 0
    for fold in range(_FOLDS):
        tree = _fitted(values[folds != fold], labels[folds != fold], depth)
        right += int((tree.predict(values[folds == fold]) == labels[folds == fold]).sum())
    sizes = np.bincount(labels, minlength=len(segments.ids))
    leaves = _leaves(_fitted(values, labels, depth), values, labels)
    rules = [
        Rule(
            tuple(conditions[name] for name in segments.features if name in conditions),
            segments.ids[place],
            len(covered),
            rounded(float((labels[covered] == place).mean())),
            rounded(float((labels[covered] == place).sum() / sizes[place])),
        )
        for path, place, covered in leaves
        for conditions in (_conditions(path, segments.features),)
    ]
    named = {rule.segment for rule in rules}
    return Rules(
        tuple(sorted(rules, key=lambda rule: (-rule.customers, rule.segment))),
        rounded(right / len(rows)),
        rounded(float(sizes.max() / len(rows))),
        tuple(segment for segment in segments.ids if segment not in named),
    )


def rule_text(rule: Rule, features: Sequence[Feature], name: str) -> str:
    """A rule as a sentence.

    Examples
    --------
    >>> features = [Feature(name="frequency", aggregate="count", unit="orders", description="Orders so far")]
    >>> rule = Rule((Condition("frequency", 4.5, None, False),), "s1", 310, 0.92, 0.8)
    >>> rule_text(rule, features, "Frequent")
    'orders so far > 4.5 → Frequent (92 % of them, 310 customers)'
    """
    declared = {feature.name: feature for feature in features}
    told = " and ".join(_told(condition, declared[condition.feature]) for condition in rule.conditions)
    share = f"{rule.precision:.0%}".replace("%", " %")
    return f"{told or 'everyone'} → {name} ({share} of them, {rule.customers:,} customers)"


class _Question(NamedTuple):
    column: int
    threshold: float  # infinite where only rows without a value go to the right
    left: bool  # at most the threshold
    unknown: bool  # whether rows without a value were asked, and went this way


_Leaf = tuple[tuple[_Question, ...], int, _Places]


def _fitted(values: NDArray[np.float32], labels: _Places, depth: int) -> DecisionTreeClassifier:
    from sklearn.tree import DecisionTreeClassifier

    smallest = max(5, len(values) // 200)
    return DecisionTreeClassifier(max_depth=depth, min_samples_leaf=smallest, random_state=0).fit(values, labels)


def _leaves(fitted: DecisionTreeClassifier, values: NDArray[np.float32], labels: _Places) -> list[_Leaf]:
    """(questions on the way, place of the segment, rows) of each leaf; leaves that say the same are one."""
    tree: Any = fitted.tree_

    def below(
        node: int, path: tuple[_Question, ...], rows: _Places
    ) -> list[tuple[tuple[_Question, ...], int, _Places]]:
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            return [(path, int(fitted.classes_[int(tree.value[node][0].argmax())]), rows)]
        column, threshold = int(tree.feature[node]), float(tree.threshold[node])
        asked = values[rows, column]
        missing = np.isnan(asked)
        to_left = bool(tree.missing_go_to_left[node])
        goes_left = np.where(missing, to_left, asked <= threshold)
        known = bool(missing.any())
        found = [
            *below(left, (*path, _Question(column, threshold, True, known and to_left)), rows[goes_left]),
            *below(right, (*path, _Question(column, threshold, False, known and not to_left)), rows[~goes_left]),
        ]
        if len({place for _, place, _ in found}) == 1:
            return [(path, found[0][1], rows)]
        return found

    return below(0, (), np.arange(len(values)))


def _conditions(path: Sequence[_Question], features: Sequence[str]) -> dict[str, Condition]:
    """The questions on the way to a leaf, one condition a feature."""
    found: dict[str, Condition] = {}
    for question in path:
        name = features[question.column]
        before = found.get(name, Condition(name, None, None, True))
        low, high = before.low, before.high
        if np.isinf(question.threshold):
            low, high = (low, high) if question.left else (None, None)
        elif question.left:
            high = question.threshold if high is None else min(high, question.threshold)
        else:
            low = question.threshold if low is None else max(low, question.threshold)
        found[name] = Condition(name, low, high, before.unknown and question.unknown)
    return {
        name: one._replace(
            low=None if one.low is None else rounded(one.low), high=None if one.high is None else rounded(one.high)
        )
        for name, one in found.items()
    }


def _told(condition: Condition, feature: Feature) -> str:
    words = feature.description or feature.name.replace("_", " ")
    words = words[:1].lower() + words[1:]
    said = not feature.unit or re.search(rf"\b{re.escape(feature.unit)}\b", words)
    unit = "" if said else f" {feature.unit}"
    low, high = (None if value is None else f"{value:,.4g}" for value in (condition.low, condition.high))
    if low is None and high is None:
        return f"{words} {'unknown' if condition.unknown else 'known'}"
    if low is None:
        told = f"{words} ≤ {high}{unit}"
    elif high is None:
        told = f"{words} > {low}{unit}"
    else:
        told = f"{low} < {words} ≤ {high}{unit}"
    return f"({told}, or unknown)" if condition.unknown else told
