"""The classifiers of a model, from what all partitions have learnt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.preprocessing.pipeline import Preprocessing
from stream.propensity.contribution import Contribution
from stream.propensity.eligible import eligible
from stream.propensity.model import PropensityModel


def learn(
    merged: Mapping[str, Contribution],
    rows: NDArray[np.float64],
    config: EngineConfig,
    scaling: Preprocessing,
    previous: Mapping[str, PropensityModel],
) -> dict[str, PropensityModel]:
    """Classifiers by target.

    Parameters
    ----------
    merged
        Target -> the partitions' contributions, merged.
    rows
        Raw features of a uniform sample of customers, shape [n, d]: those who are eligible give the deciles.
    config
        Engine settings.
    scaling
        Of the same model.
    previous
        The version before, for targets to which nobody has contributed.
    """
    names = scaling.inputs
    models = {}
    for target in config.targets:
        if target.name in merged:
            sample = rows[eligible(target, names, rows)]
            models[target.name] = PropensityModel.learnt(merged[target.name], scaling, names, target, sample)
        elif target.name in previous and previous[target.name].fits(target, names):
            models[target.name] = previous[target.name]
    return models
