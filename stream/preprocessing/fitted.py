"""What steps have learnt, for people to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from stream.preprocessing.clean import FrozenClean
from stream.preprocessing.decorrelate import FrozenDecorrelate
from stream.preprocessing.frozen import LARGEST, Array, Frozen
from stream.preprocessing.impute import FrozenImpute
from stream.preprocessing.log1p import FrozenLog1p
from stream.preprocessing.min_max import FrozenMinMax
from stream.preprocessing.pca import FrozenPca
from stream.preprocessing.select import FrozenSelect
from stream.preprocessing.standardise import FrozenStandardise
from stream.preprocessing.winsorise import FrozenWinsorise

Told = dict[str, Any]


class Fitted(NamedTuple):
    """A step and what it was fitted to.

    Attributes
    ----------
    step
        Its name in settings, `pca` for decorrelating by principal components.
    columns
        Name of each column that comes in, or of each component that `pca` makes, -> what was learnt of it. Values are
        in the feature's own unit, as far as it has one; None where there is no bound.

        - clean: `least`, `most`
        - impute: `value`
        - log1p: `shortened`
        - winsorise, min_max: `low`, `high`
        - select: `kept`, `target`, `score`, `measure`
        - decorrelate: `kept`, and where it is not, `goes_with` and their `correlation`
        - pca: `explained`, the share of the variance, and `loadings` by feature
        - standardise: `mean`, and `low` and `high`, one standard deviation below and above it
    """

    step: str
    columns: dict[str, Told]


def fitted(inputs: Sequence[str], steps: Sequence[Frozen], std: Array) -> tuple[Fitted, ...]:
    """What each step has learnt, in order.

    Parameters
    ----------
    inputs
        Names of the features, d of them.
    steps
        In order.
    std
        Standard deviations of the plain columns, shape [d].
    """
    found, names, spread = [], tuple(inputs), dict(zip(inputs, std.tolist(), strict=True))
    for place, step in enumerate(steps):
        learnt = _learnt(step, names, _own(inputs, names, steps[:place]), spread)
        found.append(Fitted(step.step, learnt))
        names = step.names(names)
    return tuple(found)


def _own(inputs: Sequence[str], names: Sequence[str], earlier: Sequence[Frozen]) -> Callable[[Array], list[Any]]:
    """How values of columns become values in the features' units, which components have not."""
    places = [inputs.index(name) for name in names if name in inputs]

    def own(values: Array) -> list[Any]:
        columns = np.where(np.abs(values) < LARGEST, values, np.nan)[:, None]
        if len(places) == len(names):
            for step in reversed(earlier):
                columns = step.inverse(columns)
            columns = columns[places]
        return [value if np.isfinite(value) else None for value in columns[:, 0].tolist()]

    return own


def _learnt(
    step: Frozen, names: Sequence[str], own: Callable[[Array], list[Any]], spread: dict[str, float]
) -> dict[str, Told]:
    if isinstance(step, FrozenDecorrelate):
        return _decorrelated(step, names, spread)
    if isinstance(step, FrozenPca):
        return {
            component: {"explained": share, "loadings": dict(zip(names, row, strict=True))}
            for component, share, row in zip(
                step.names(names), step.explained.tolist(), step.loadings.tolist(), strict=True
            )
        }
    values: dict[str, Sequence[Any]] = {}
    if isinstance(step, FrozenClean):
        values = {"least": own(step.least), "most": own(step.most)}
    elif isinstance(step, FrozenImpute):
        values = {"value": own(step.fill)}
    elif isinstance(step, FrozenLog1p):
        values = {"shortened": step.flags.tolist()}
    elif isinstance(step, FrozenWinsorise | FrozenMinMax):
        values = {"low": own(step.low), "high": own(step.high)}
    elif isinstance(step, FrozenStandardise):
        low, high = own(step.mean - step.std), own(step.mean + step.std)
        values = {"mean": own(step.mean), "low": low, "high": high}
    elif isinstance(step, FrozenSelect):
        kept, target = step.kept.tolist(), [place == step.target for place in range(len(names))]
        values = {
            "kept": [place in kept for place in range(len(names))],
            "target": target,
            "score": [None if itself else score for itself, score in zip(target, step.scores.tolist(), strict=True)],
            "measure": [step.measure] * len(names),
        }
    return {name: {key: each[place] for key, each in values.items()} for place, name in enumerate(names)}


def _decorrelated(step: FrozenDecorrelate, names: Sequence[str], spread: dict[str, float]) -> dict[str, Told]:
    stay = step.names(names)
    told: dict[str, Told] = {}
    for place, name in enumerate(names):
        other = stay[step.partner[place]]
        told[name] = {"kept": True}
        if name not in stay:
            correlation = float(step.slope[place]) * spread[other] / spread[name]  # the line is the least squares'
            told[name] = {"kept": False, "goes_with": other, "correlation": round(correlation, 6)}
    return told
