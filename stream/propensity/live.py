"""All targets in the fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.propensity.contribution import Contribution
from stream.propensity.labels import Resolved
from stream.propensity.scoring import TargetScorer
from stream.span import Step
from stream.updates import PropensityScored

_SCALAR = "learner:"


class Scorer:
    """Scores customers for each of the declared targets.

    Parameters
    ----------
    config
        Engine settings.
    model
        To score with.
    tally
        Told what became of each score.
    customers
        Of the partition. What is stored of targets that are no longer declared is forgotten.
    scalars
        The partition's stored values, the learners' states among them.
    """

    def __init__(
        self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, scalars: Mapping[str, bytes]
    ) -> None:
        self._targets = [
            TargetScorer(target, config, tally, customers, scalars.get(f"{_SCALAR}{target.name}"))
            for target in config.targets
        ]
        names = {target.name for target in config.targets}
        for profile in customers:
            for name in sorted(profile.standings.keys() - names):
                del profile.standings[name]
            for one in self._targets:
                one.resume(profile)
        self._scaling = None if model.segments is None else model.segments.scaling
        for one in self._targets:
            one.use(model)

    def adopt(self, model: Model) -> None:
        """Score with another model; what was learnt since the last contribution is kept on top of it."""
        self._scaling = None if model.segments is None else model.segments.scaling
        for one in self._targets:
            one.adopt(model)

    def predict(self, features: NDArray[np.float64]) -> None:
        """Score the rows of a stretch, shape [n, features]."""
        if self._scaling is None or not self._targets:
            return
        standard = self._scaling.standardise_many(features)
        for one in self._targets:
            one.predict(features, standard)

    def decide(self, step: Step) -> Iterator[PropensityScored]:
        """New scores of a step's customer, by target; those only that moved enough to be told."""
        if step.profile is None:
            return
        for one in self._targets:
            scored = one.decide(step, step.profile)
            if scored is not None:
                yield scored

    def expire(self, clock: int) -> None:
        """Learn the examples whose horizon has passed."""
        for one in self._targets:
            one.expire(clock)

    def observe(self, watch: Callable[[Resolved], None]) -> None:
        """Have `watch` told of each example when its label is known, before it is learnt: to collect them, say.

        It is no part of the fold: nothing of it is stored, and it must change nothing.
        """
        for one in self._targets:
            one.watch = watch

    def contribute(self) -> dict[str, Contribution]:
        """What this partition has learnt, by target, for the merger."""
        return {
            one.target.name: contribution for one in self._targets if (contribution := one.contribute()) is not None
        }

    def drain(self) -> dict[str, bytes]:
        """States of the learners that changed since the last call, as they are stored."""
        changed = {}
        for one in self._targets:
            if one.learnt and (packed := one.pack()) is not None:
                changed[f"{_SCALAR}{one.target.name}"] = packed
            one.learnt = False
        return changed

    def pack(self) -> list[tuple[str, bytes]]:
        """States of all learners."""
        return [(one.target.name, one.pack() or b"") for one in self._targets]
