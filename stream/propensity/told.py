"""What is said of a score: with its band, its rank, and all that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.propensity.model import PropensityModel
from stream.reasons import deciding, joined
from stream.target import Target
from stream.updates import rounded

Array = NDArray[np.float64]

REASONS = 3
"""Features listed with a score."""


def told(
    model: PropensityModel,
    target: Target,
    score: float,
    standard: Array,
    values: Array,
    units: Mapping[str, str],
    traits: Sequence[Sequence[int]],
) -> dict[str, Any]:
    """Fields of `stream.updates.PropensityScored` that follow from a customer's row.

    Parameters
    ----------
    model
        That gave the score.
    target
        Whose score it is.
    score
        Rounded, so that it and its band cannot contradict each other.
    standard, values
        The row standardised, and in the features' own units, shape [d] each.
    units
        Unit by feature name.
    traits
        From `stream.reasons.by_trait`.
    """
    terms = joined(model.contributions(standard), values, traits)
    features = deciding(model.features, values, terms, units, REASONS)
    return {
        "score": score,
        "band": target.band(score),
        "decile": model.decile(score),
        "features": features,
        "base": rounded(model.base),
        "rest": rounded(float(terms.sum()) - sum(one["contribution"] for one in features)),
    }
