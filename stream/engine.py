"""The fold: entries of one partition in, updates and a state delta out.

`Engine.apply` is pure. It reads no clock and no network, draws nothing at random, and does not care how the
entries were cut into batches: the same entries give the same updates, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgpack

from stream.config import EngineConfig
from stream.contribution import Contribution
from stream.entries import Entry, Event, ModelAdopted, Rejected, Tick
from stream.evaluate.periods import Calendar
from stream.evaluate.tally import REJECTED, Tally
from stream.model import Model
from stream.products import products_of
from stream.profiles.customers import Customers
from stream.profiles.profile import Profile
from stream.profiles.seen import Seen
from stream.propensity.live import Scorer
from stream.recommend.live import Recommender
from stream.requests import REQUESTED
from stream.segments.live import Segmenter
from stream.span import Span
from stream.store.base import Delta, Saved
from stream.updates import EventRejected, Update, update_id


class Engine:
    """The state of one partition, and the fold that changes it.

    Parameters
    ----------
    config
        What is measured and how it is decided.
    saved
        What a store holds for this partition; without it the engine starts empty.

    Attributes
    ----------
    watermark
        Offset of the next record to apply.
    clock
        Event time (ms): the maximum of the entries' times.
    entries
        Records applied so far; every `learning.every` of them the partition contributes to the model.
    model
        The adopted model.
    """

    def __init__(self, config: EngineConfig, saved: Saved | None = None) -> None:
        saved = saved or Saved(watermark=0)
        position = msgpack.unpackb(saved.scalars["position"]) if "position" in saved.scalars else (0, 0)
        self.config = config
        self.watermark = saved.watermark
        self.clock: int = position[0]
        self.entries: int = position[1]
        self.model = Model.unpack(saved.scalars["model"]) if "model" in saved.scalars else Model()
        self._tally = saved.scalars.get("tally", b"")  # as stored
        tally = Tally.unpack(self._tally) if self._tally else Tally()
        self.tally = tally.under(Calendar(config.evaluate.period, config.evaluate.periods))
        self.seen = Seen(config.events.remember, saved.seen)
        self.customers = Customers(config, saved)
        self.segmenter = Segmenter(config, self.model)
        self.scorer = Scorer(config, self.model, self.tally, self.customers, saved)
        self.recommender = Recommender(config, self.model, self.tally, self.customers, saved)
        self._span = Span()
        self._updates: list[Update] = []
        self._scalars: dict[str, bytes] = {}

    def apply(self, entries: Iterable[Entry]) -> tuple[list[Update], Delta]:
        """Fold entries in; what goes out, and what has changed in the state since the last call.

        Parameters
        ----------
        entries
            Entries of this partition, in log order.

        Returns
        -------
        updates
            In the order of the entries that caused them.
        delta
            To be stored before the updates are published, and before the next call.
        """
        self.customers.settle()
        if self.customers.stored:
            entries = list(entries)
            self._read_ahead(entries)
        for entry in entries:
            if isinstance(entry, Event):
                self._event(entry)
            elif isinstance(entry, Rejected):
                self._reject(entry)
            elif isinstance(entry, Tick):
                self._pass_time(entry.time)
                self._span.note(self.clock, self.clock)
            else:
                self._adopt(entry)
        self._decide()
        updates, self._updates = self._updates, []
        return updates, self._delta()

    @property
    def until_boundary(self) -> int:
        """Records that can be applied before the partition next contributes to the model."""
        return self.config.learning.every - self.entries % self.config.learning.every

    def _read_ahead(self, entries: list[Entry]) -> None:
        """Read at once whom the entries will need, and who comes due while they are applied."""
        events = [entry for entry in entries if isinstance(entry, Event)]
        ticks = [entry.time for entry in entries if isinstance(entry, Tick)]
        until = max([self.clock, *ticks, *(event.time for event in events)])
        acting = [event.customer for event in events if event.known]
        self.customers.prepare([*acting, *self.scorer.due(until)], until)

    def _event(self, event: Event) -> None:
        self.watermark = event.position + 1
        if not self.seen.add(event.message_id):
            self.tally.count("duplicate")
            return self._count()
        if not event.customer:  # the catalogue has changed: nobody has acted, and no time has passed
            self._span.note(self.clock, event.time, event=event)
            return self._count()
        if event.kind == REQUESTED:  # nor has who is asked about
            self._span.ask(self.clock, event, self.customers.get(event.customer) if event.known else None)
            return self._count()
        self._pass_time(event.time)
        products = products_of(event)
        profile: Profile | None = None
        if event.known:  # an anonymous visitor feeds items and popularity, and is not segmented
            profile = self.customers.fold(event, products, self.entries + 1)
        self._span.note(self.clock, event.time, profile, event, products)
        return self._count()

    def _reject(self, record: Rejected) -> None:
        self.watermark = record.position + 1
        self.tally.count(REJECTED + record.code)
        rejected = EventRejected(
            id=update_id("rejected", record.topic, record.partition, record.position),
            code=record.code,
            detail=record.detail,
            topic=record.topic,
            partition=record.partition,
            offset=record.position,
            timestamp=record.timestamp,
            key=record.key,
            value=record.value,
        )
        self._span.note(self.clock, self.clock, rejected=rejected)
        self._count()

    def _pass_time(self, time: int) -> None:
        """Move the clock; look at quiet customers who have come due, each at its own due time."""
        before, self.clock = self.clock, max(self.clock, time)
        for due, profile in self.customers.wake(self.clock, before):
            if self.customers.outlived(profile, due):
                self._forget(profile, due)
            else:
                self._span.note(due, due, profile)

    def _forget(self, profile: Profile, time: int) -> None:
        """Know a customer no more, when all that was to be decided before is decided."""
        self._decide()
        self.scorer.expire(time)
        self.scorer.forget(profile)
        self.recommender.forget(profile)
        self.customers.forget(profile)

    def _adopt(self, entry: ModelAdopted) -> None:
        """Predict with another model from here on, and see whom it moves: of the hot customers now, of others later."""
        self._decide()
        self.model = entry.model
        self.segmenter = Segmenter(self.config, self.model)
        self.scorer.adopt(self.model)
        self.recommender.adopt(self.model)
        self._scalars["model"] = self.model.packed
        if self.model.segments is not None:
            for profile in self.customers.hot():
                self._span.note(self.clock, self.clock, profile, model=self.model.version)
            self._decide()

    def _count(self) -> None:
        self.entries += 1
        if self.entries % self.config.learning.every == 0:
            self._decide()
            self._scalars["contribution"] = self.contribution().pack()

    def _decide(self) -> None:
        """Features -> segment -> score -> recommend, for all that happened since the last decision."""
        span, self._span = self._span, Span()
        if not span.steps:
            return
        features = span.features(self.customers.layout)
        self.segmenter.predict(features)
        self.scorer.predict(features)
        segment, score, recommend = self.segmenter.decide, self.scorer.decide, self.recommender.decide
        for step in span.steps:
            self.scorer.expire(step.clock)
            if step.rejected is not None:
                self._updates.append(step.rejected)
                continue
            here = None if step.row < 0 else step.profile
            moved = None if here is None else segment(step)
            if here is not None and moved is not None:
                self.customers.touch(here)
                self._add(moved)
            if here is not None and step.model is None:
                self._updates.extend(score(step))
            self._add(recommend(step, moved is not None))

    def _add(self, update: Update | None) -> None:
        if update is not None:
            self._updates.append(update)

    def contribution(self) -> Contribution:
        """What this partition adds to the next model, as of now."""
        priorities, ids, rows = self.customers.read_sample(self.clock)
        return Contribution(
            clock=self.clock,
            entries=self.entries,
            customers=len(self.customers),
            priorities=priorities,
            ids=ids,
            rows=rows,
            limit=self.config.segments.sample,
            propensity=self.scorer.contribute(),
            rankers=self.recommender.contribute(),
            tally=self.tally,
        )

    def _delta(self) -> Delta:
        scalars, self._scalars = self._scalars, {}
        scalars["position"] = msgpack.packb((self.clock, self.entries))
        if (tally := self.tally.pack()) != self._tally:
            scalars["tally"] = self._tally = tally
        scalars.update(self.scorer.drain())
        scalars.update(self.recommender.drain_scalars())
        scalars.update(self.customers.drain_scalars())
        items = self.recommender.drain()
        of_customers = self.customers.drain_indexes() | self.scorer.drain_indexes()
        return Delta(
            watermark=self.watermark,
            profiles=self.customers.drain(),
            indexes=of_customers | self.recommender.index(items, self.entries),
            items=items,
            seen=self.seen.drain(),
            seen_limit=self.seen.limit,
            scalars=scalars,
            lists=self.recommender.drain_lists(),
            **self.recommender.drain_hidden(),
        )

    def state_hash(self) -> str:
        """Hash of the whole state in canonical form: 32 hexadecimal digits."""
        digest = hashlib.blake2b(digest_size=16)
        parts = (self.watermark, self.clock, self.entries, self.model.digest, self.tally.pack(), self.seen.pack())
        digest.update(msgpack.packb(parts))
        for name, value in (*self.scorer.pack(), *self.customers.pack(), *self.recommender.pack()):
            digest.update(msgpack.packb((name, value)))
        return digest.hexdigest()
