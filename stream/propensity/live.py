"""Scores as customers act, and labels as time tells: every example is scored before it is learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.propensity.contribution import Contribution
from stream.propensity.labels import OpenExample
from stream.propensity.learner import PropensityLearner
from stream.reasons import deciding
from stream.span import Step
from stream.timers import Timers
from stream.updates import PropensityScored, rounded, update_id

REASONS = 3
"""Features listed with a score."""


class Scorer:
    """Scores customers with the adopted model, resolves delayed labels, and learns from them.

    One example at most is open for each customer: its features are frozen when it opens, and it is learnt when the
    horizon has passed, positive when the target event has happened by then (see `OpenExample`).
    """

    def __init__(
        self, config: EngineConfig, model: Model, tally: Tally, customers: Customers, learner: bytes | None
    ) -> None:
        self._config = config.propensity
        self._units = {feature.name: feature.unit for feature in config.features}
        self._tally = tally
        self._customers = customers
        self._learner = None if learner is None else PropensityLearner.from_bytes(learner, config.propensity.declared)
        self._learnt = False
        self._labels = Timers()
        for profile in customers:
            if profile.example is not None:
                self._labels.set(profile.customer, profile.example.due)
        self._use(model)

    def adopt(self, model: Model) -> None:
        """Score with another model; what was learnt since the last contribution is kept on top of it."""
        if model.segments is None:
            return
        if self._learner is None:
            self._learner = PropensityLearner(self._config.declared, model.segments.features, model.segments.scaling)
        self._learner.adopt(model.segments.scaling, model.propensity)
        self._learnt = True
        self._use(model)

    def _use(self, model: Model) -> None:
        self._version = model.version
        self._scaling = None if model.segments is None else model.segments.scaling
        self._model = model.propensity

    def predict(self, features: NDArray[np.float64]) -> None:
        """Score the rows of a stretch, shape [n, features]."""
        self._features = features
        if self._model is not None and self._scaling is not None:
            self._standard = self._scaling.standardise_many(features)
            self._scores: list[float] = self._model.predict_proba_many(self._standard).tolist()

    def decide(self, step: Step) -> PropensityScored | None:
        """Resolve and open the customer's example; the new score, if it moved enough to be told."""
        profile = step.profile
        if profile is None or self._scaling is None:
            return None
        self._follow(profile, step)
        model = self._model
        if model is None or model.examples < self._config.min_examples:
            return None
        score, known = self._scores[step.row], profile.score
        if known is not None and abs(score - known) < self._config.step and self._band(score) == self._band(known):
            return None
        profile.score = rounded(score)
        self._customers.touch(profile)
        terms = model.contributions(self._standard[step.row])
        cause = step.cause
        return PropensityScored(
            id=update_id("score", profile.customer, self._config.target, step.time, self._version, cause.event_id),
            customer=profile.customer,
            occurred_at=step.time,
            target=self._config.target,
            score=profile.score,
            band=self._band(score),
            previous=known,
            cause=cause,
            model=self._version,
            features=deciding(model.features, self._features[step.row], terms, self._units, REASONS),
        )

    def expire(self, clock: int) -> None:
        """Learn the examples whose horizon has passed."""
        if not self._labels.pending(clock - 1):
            return
        for _, customer in self._labels.due(clock - 1):
            profile = self._customers.get(customer)
            if profile is not None and profile.example is not None:
                self._learn(profile)

    def contribute(self) -> Contribution | None:
        """What this partition has learnt, for the merger."""
        if self._learner is None:
            return None
        self._learnt = True
        return self._learner.snapshot()

    def drain(self) -> bytes | None:
        """The learner's state if it changed since the last call."""
        if self._learner is None or not self._learnt:
            return None
        self._learnt = False
        return self._learner.to_bytes()

    def pack(self) -> bytes:
        """The learner's state."""
        return b"" if self._learner is None else self._learner.to_bytes()

    def _follow(self, profile: Profile, step: Step) -> None:
        """Note whether this is what the open example waits for; open the next one, of the quiet too."""
        event, example = step.event, profile.example
        if example is None:
            score = self._scores[step.row] if self._model is not None else None
            due = step.time + self._config.horizon
            profile.example = OpenExample(step.time, due, tuple(self._features[step.row].tolist()), score)
            self._labels.set(profile.customer, due)
            self._customers.touch(profile)
        elif event is not None and event.kind == self._config.event and example.covers(event.time):
            profile.example = replace(example, happened=True)
            self._customers.touch(profile)

    def _learn(self, profile: Profile) -> None:
        example, profile.example = profile.example, None
        self._customers.touch(profile)
        assert example is not None
        assert self._learner is not None
        if example.score is not None:
            self._tally.score(
                self._config.target,
                example.score,
                example.happened,
                time=example.opened_at,
                segment=profile.segment,
            )
        self._learner.learn(example.features, example.happened)
        self._learnt = True

    def _band(self, score: float) -> str:
        low, high = self._config.bands
        return "low" if score < low else "medium" if score < high else "high"
