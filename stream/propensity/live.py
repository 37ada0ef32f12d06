"""All targets in the fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.propensity.contribution import Contribution
from stream.propensity.labels import Resolved
from stream.propensity.scoring import TargetScorer
from stream.span import Step
from stream.store.base import Saved
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
        Of the partition.
    saved
        The partition's state, the learners' states in it.
    """

    def __init__(self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, saved: Saved) -> None:
        self._targets = [
            TargetScorer(target, config, tally, customers, saved.scalars.get(f"{_SCALAR}{target.name}"), saved.profiles)
            for target in config.targets
        ]
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

    def due(self, clock: int) -> Iterator[str]:
        """Customers whose labels will be known by `clock`."""
        for one in self._targets:
            yield from one.labels.peek(clock - 1)

    def forget(self, profile: Profile) -> None:
        """Wait no more for labels of a customer who is known no more."""
        for one in self._targets:
            one.labels.clear(profile.customer)

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

    def drain_indexes(self) -> dict[str, dict[str, int | None]]:
        """Changes of the store's indexes since the last call."""
        return {one.labels.index: one.labels.drain() for one in self._targets}

    def pack(self) -> list[tuple[str, bytes]]:
        """States of all learners."""
        return [(one.target.name, one.pack() or b"") for one in self._targets]
