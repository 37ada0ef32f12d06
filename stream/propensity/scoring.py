"""One target in the fold: scores as customers act, labels as time tells, each example scored before it is learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.entries import Event
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.products import amount_of
from stream.profiles.customers import Customers
from stream.profiles.indexes import label
from stream.profiles.profile import Profile
from stream.propensity.contribution import Contribution
from stream.propensity.eligible import eligible
from stream.propensity.labels import OpenExample, Resolved
from stream.propensity.learner import PropensityLearner
from stream.propensity.standing import Standing
from stream.propensity.told import told
from stream.reasons import by_trait
from stream.span import Step
from stream.store.base import StoredProfiles
from stream.target import Target
from stream.timers import Timers
from stream.updates import PropensityScored, rounded, update_id

Array = NDArray[np.float64]


class TargetScorer:
    """Scores customers for one target, resolves its delayed labels, and learns from them.

    One example at most is open for each customer: its features are frozen when it opens, at a moment of scoring, and it
    is learnt when the horizon has passed. Learnt as soon as they are known, positives would run ahead of the negatives
    of their time, and scores come out too high while a shop grows.

    Parameters
    ----------
    target
        What is predicted.
    config
        Engine settings.
    tally
        Told what became of each score.
    customers
        Told whose standing has changed.
    learner
        The learner's state, to go on from.
    stored
        The store that holds the customers' open examples.

    Attributes
    ----------
    labels
        Wakes customers whose label is known.
    learnt
        Whether the learner's state has changed since it was last drained.
    watch
        Told of each example when its label is known, before it is learnt; it must change nothing.
    """

    def __init__(
        self,
        target: Target,
        config: EngineConfig,
        tally: Tally,
        customers: Customers,
        learner: bytes | None,
        stored: StoredProfiles | None,
    ) -> None:
        self.target = target
        self.learnt = False
        self.watch: Callable[[Resolved], None] | None = None
        self._units = {feature.name: feature.unit for feature in config.features}
        self._traits = by_trait(config.features)
        self._names = tuple(feature.name for feature in config.features)
        self._amount = None if target.value is None else amount_of(target.value)
        self._tally = tally
        self._customers = customers
        self._learner = None if learner is None else PropensityLearner.from_bytes(learner, target)
        self.labels = Timers(label(target.name), stored)

    def use(self, model: Model) -> None:
        """Score with this model."""
        self._version = model.version
        self._ready = model.segments is not None
        self._model = model.scoring(self.target, self._names)
        if model.segments is not None and self._learner is None:
            self._learner = PropensityLearner(self.target, model.segments.features, model.segments.scaling)

    def adopt(self, model: Model) -> None:
        """Score with another model; what was learnt since the last contribution is kept on top of it."""
        self.use(model)
        if model.segments is not None and self._learner is not None:
            self._learner.adopt(model.segments.scaling, model.propensity.get(self.target.name))
            self.learnt = True

    def predict(self, features: Array, standard: Array) -> None:
        """Score the rows of a stretch, raw and standardised, shape [n, features] each."""
        self._features = features
        self._standard = standard
        self._eligible: list[bool] = eligible(self.target, self._names, features).tolist()
        if self._model is not None:
            self._scores: list[float] = self._model.predict_proba_many(standard).tolist()

    def decide(self, step: Step, profile: Profile) -> PropensityScored | None:
        """Follow the customer's open example, or open one; the new score, if it moved enough to be told."""
        if not self._ready:
            return None
        name, standing = self.target.name, profile.standings.get(self.target.name)
        if standing is not None and standing.example is not None:
            self._follow(profile, standing, standing.example, step)
        if not self._is_moment(step, standing):
            return None
        if standing is None:
            standing = profile.standings[name] = Standing()
        standing.scored_at = step.time
        self._customers.touch(profile)
        score = rounded(self._scores[step.row]) if self._model is not None else None
        due = step.time + self.target.horizon
        if standing.example is None and due >= step.clock:  # of a horizon that is over, events may still be to come
            row = tuple(self._features[step.row].tolist())
            standing.example = OpenExample(step.time, due, row, score, profile.segment)
            self.labels.set(profile.customer, due)
        return None if score is None else self._publish(step, profile, standing, score)

    def expire(self, clock: int) -> None:
        """Learn the examples whose horizon has passed."""
        if not self.labels.pending(clock - 1):
            return
        for _, customer in self.labels.due(clock - 1):
            profile = self._customers.get(customer)
            if profile is not None:
                self._learn(profile)

    def contribute(self) -> Contribution | None:
        """What this partition has learnt, for the merger."""
        if self._learner is None:
            return None
        self.learnt = True
        return self._learner.snapshot()

    def pack(self) -> bytes | None:
        """The learner's state; None before there is one."""
        return None if self._learner is None else self._learner.to_bytes()

    def _is_moment(self, step: Step, standing: Standing | None) -> bool:
        """Whether the customer is to be scored now."""
        target, event = self.target, step.event
        if event is None:
            if not target.score_quiet:
                return False
        elif target.score_on and event.kind not in target.score_on:
            return False
        if standing is not None and step.time < standing.scored_at + (target.every if standing.scored_at else 0):
            return False
        return self._eligible[step.row]

    def _follow(self, profile: Profile, standing: Standing, example: OpenExample, step: Step) -> None:
        """Note what an event means for the open example."""
        target, event = self.target, step.event
        if event is None or not example.covers(event.time):
            return
        if event.kind in target.until:
            standing.example = example.close()
        elif event.kind in target.events and self._meant(event):
            amount = 1.0 if self._amount is None else self._amount(event, step.products)
            standing.example = example.plus(amount or 0.0)
        else:
            return
        self._customers.touch(profile)

    def _meant(self, event: Event) -> bool:
        """Whether an event has the properties that are asked for; true and 1 are not the same."""
        for key, value in self.target.where.items():
            given = event.properties.get(key)
            if given != value or isinstance(given, bool) is not isinstance(value, bool):
                return False
        return True

    def _publish(self, step: Step, profile: Profile, standing: Standing, score: float) -> PropensityScored | None:
        model, target, known = self._model, self.target, standing.published
        assert model is not None
        if known is not None and abs(score - known) < target.step and target.band(score) == target.band(known):
            return None
        standing.published = score
        cause, row = step.cause, step.row
        return PropensityScored(
            id=update_id("score", profile.customer, target.name, step.time, self._version, cause.event_id),
            customer=profile.customer,
            occurred_at=step.time,
            target=target.name,
            previous=known,
            cause=cause,
            model=self._version,
            **told(model, target, score, self._standard[row], self._features[row], self._units, self._traits),
        )

    def _learn(self, profile: Profile) -> None:
        standing = profile.standings.get(self.target.name)
        if standing is None or standing.example is None:
            return  # the target was not declared for a while
        example, standing.example = standing.example, None
        self._customers.touch(profile)
        assert self._learner is not None
        happened = example.label(self.target)
        if example.score is not None:
            self._tally.score(
                self.target.name, example.score, happened, time=example.opened_at, segment=example.segment
            )
        if self.watch is not None:
            self.watch(Resolved(self.target.name, profile.customer, example, happened))
        self._learner.learn(example.features, happened)
        self.learnt = True
