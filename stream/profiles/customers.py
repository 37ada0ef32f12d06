"""The customers of one partition: their profiles, their timers, and the sample that is learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.damage import readable
from stream.entries import Event
from stream.features.layout import Layout
from stream.products import Product
from stream.profiles.indexes import BORDERS, HOT, QUIET, SAMPLE, Borders, borders
from stream.profiles.profile import Profile
from stream.profiles.sample import CustomerSample
from stream.profiles.working_set import WorkingSet
from stream.store.base import Saved
from stream.timers import Timers


class Customers:
    """Profiles by customer id, woken by timers when they have been quiet.

    Parameters
    ----------
    config
        Engine settings.
    saved
        The partition's state, to go on from.
    """

    def __init__(self, config: EngineConfig, saved: Saved | None = None) -> None:
        saved = saved or Saved(watermark=0)
        stored = saved.profiles
        self.layout = Layout(config)
        self._borders = borders(saved.scalars)  # as stored
        floor, threshold = self._borders
        self._partition = None if stored is None else stored.partition
        self._declared = {target.name for target in config.targets}
        self._set = WorkingSet(config.profiles.hot, floor, stored, self._unpack)
        self._quiet = Timers(QUIET, stored)
        self._quiet_check = config.segments.quiet_check
        self._retention = config.profiles.retention
        sampled = [] if stored is None else [customer for customer, _ in stored.range(SAMPLE, 0, len(stored))]
        self.sample = CustomerSample(config.segments.sample, sampled, threshold)
        self._set.prepare(sampled)
        if self.sample.thin:
            self._redraw()

    def __len__(self) -> int:
        return len(self._set)

    def __iter__(self) -> Iterator[Profile]:
        """All profiles, by customer id, in memory or not."""
        return iter(self._set)

    @property
    def held(self) -> int:
        """Profiles in memory."""
        return self._set.held

    @property
    def stored(self) -> bool:
        """Whether some are in the store only."""
        return self.held < len(self)

    def hot(self) -> Iterator[Profile]:
        """The customers seen last, by id: those whom a new model moves at once."""
        return self._set.hot()

    def get(self, customer: str) -> Profile | None:
        """A customer's profile, if known."""
        return self._set.get(customer)

    def settle(self) -> None:
        """Let go of profiles that need not stay in memory; all that was drained is in the store by now."""
        self._set.settle(self.sample)

    def prepare(self, customers: Iterable[str], clock: int) -> None:
        """Read at once those of the customers, and of those who are due by `clock`, that are not in memory."""
        self._set.prepare(dict.fromkeys([*customers, *self._quiet.peek(clock)]))

    def fold(self, event: Event, products: Sequence[Product], stamp: int) -> Profile:
        """Write an event into its customer's accumulators, and wake the customer when quiet from then on."""
        profile = self._set.get(event.customer)
        if profile is None:
            profile = Profile(event.customer, self.layout.blank(), self.layout.blank_sketches())
            self._set.add(profile)
            self.sample.add(event.customer)
        self.layout.write(profile.slots, profile.sketches, event, products)
        if event.time > profile.last:
            profile.last = event.time
        self._look_at(profile, profile.last + self._quiet_check)
        self._set.use(profile, stamp)
        return profile

    def wake(self, clock: int, before: int) -> Iterator[tuple[int, Profile]]:
        """Quiet customers who are due by `clock`, each at its due time; who came late, at the clock `before`.

        The next look comes after a quarter of the silence so far: features of a quiet customer change ever more
        slowly on the scales that matter, so a year of silence costs some twenty looks, not 365.
        """
        if not self._quiet.pending(clock):
            return
        for due, customer in self._quiet.due(clock):
            profile, due = self._set.get(customer), max(due, before)
            if profile is not None:
                self._look_at(profile, due + max(self._quiet_check, (due - profile.last) // 4))
                self._set.touch(customer)
                yield due, profile

    def outlived(self, profile: Profile, time: int) -> bool:
        """Whether the customer has been silent for so long that it is to be forgotten."""
        return self._retention is not None and time - profile.last >= self._retention

    def forget(self, profile: Profile) -> None:
        """Know the customer no more: who comes back is new."""
        self._quiet.clear(profile.customer)
        self.sample.remove(profile.customer)
        self._set.forget(profile.customer)
        if self.sample.thin:
            self._redraw()

    def touch(self, profile: Profile) -> None:
        """Note that something of the profile changed beside its accumulators."""
        self._set.touch(profile.customer)

    def read_sample(self, clock: int) -> tuple[NDArray[np.uint64], tuple[str, ...], NDArray[np.float64]]:
        """Priorities [n], ids and feature rows [n, features] of the sampled customers, as they are at `clock`."""
        chosen = list(self.sample)
        ids = tuple(customer for _, customer in chosen)
        priorities = np.array([priority for priority, _ in chosen], dtype=np.uint64)
        return priorities, ids, self.read([self._set[customer] for customer in ids], clock)

    def read(self, profiles: Sequence[Profile], clock: int) -> NDArray[np.float64]:
        """Features [n, features] of the profiles at `clock`, or at their last event if that is later."""
        rows = np.frombuffer(b"".join([profile.slots.tobytes() for profile in profiles]))
        times = np.array([max(clock, profile.last) for profile in profiles], dtype=np.float64)
        return self.layout.read(rows.reshape(len(profiles), self.layout.width), times)

    def drain(self) -> dict[str, bytes | None]:
        """Packed profiles that changed since the last call; None for those that were forgotten."""
        return self._set.drain()

    def drain_indexes(self) -> dict[str, dict[str, int | None]]:
        """Changes of the store's indexes since the last call."""
        joined, self.sample.changed = self.sample.changed, {}
        for customer, joins in joined.items():
            if not joins:
                self._set.release(customer)
        sampled = {customer: 0 if joins else None for customer, joins in joined.items()}
        return {HOT: self._set.drain_ranks(), QUIET: self._quiet.drain(), SAMPLE: sampled}

    def drain_scalars(self) -> dict[str, bytes]:
        """What else changed since the last call, as it is stored."""
        now = Borders(self._set.floor, self.sample.threshold)
        if now == self._borders:
            return {}
        self._borders = now
        return {BORDERS: now.pack()}

    def pack(self) -> list[tuple[str, bytes]]:
        """All packed profiles, by customer id."""
        return [(profile.customer, profile.pack()) for profile in self]

    def _look_at(self, profile: Profile, due: int) -> None:
        profile.due = due
        self._quiet.set(profile.customer, due)

    def _redraw(self) -> None:
        self.sample.redraw(self._set.names())
        self._set.prepare([customer for _, customer in self.sample])

    def _unpack(self, customer: str, packed: bytes) -> Profile:
        """A stored profile, without what was kept for targets that are no longer declared."""
        with readable(f"Partition {self._partition}: the profile of customer {customer!r}"):
            profile = Profile.unpack(customer, packed)
        for name in sorted(profile.standings.keys() - self._declared):
            del profile.standings[name]
        return profile
