"""The customers of one partition: their profiles, their timers, and the sample that is learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stream.config import EngineConfig
from stream.entries import Event
from stream.features.layout import Layout
from stream.products import Product
from stream.profiles.profile import Profile
from stream.profiles.sample import CustomerSample
from stream.timers import Timers


class Customers:
    """Profiles by customer id, woken by timers when they have been quiet.

    Parameters
    ----------
    config
        Engine settings.
    packed
        Stored profiles, to go on from.
    """

    def __init__(self, config: EngineConfig, packed: Mapping[str, bytes] | None = None) -> None:
        self.layout = Layout(config)
        self.sample = CustomerSample(config.segments.sample)
        self.quiet = Timers()
        self._quiet_check = config.segments.quiet_check
        self._profiles: dict[str, Profile] = {}
        self._changed: set[str] = set()
        for customer, value in sorted((packed or {}).items()):
            profile, due = Profile.unpack(customer, value)
            self._profiles[customer] = profile
            self.sample.add(customer)
            if due is not None:
                self.quiet.set(customer, due)

    def __len__(self) -> int:
        return len(self._profiles)

    def __iter__(self) -> Iterator[Profile]:
        """All profiles, by customer id: an order that the log's past does not decide."""
        return (self._profiles[customer] for customer in sorted(self._profiles))

    def get(self, customer: str) -> Profile | None:
        """A customer's profile, if known."""
        return self._profiles.get(customer)

    def fold(self, event: Event, products: Sequence[Product]) -> Profile:
        """Write an event into its customer's accumulators, and wake the customer when quiet from then on."""
        profile = self._profiles.get(event.customer)
        if profile is None:
            profile = Profile(event.customer, self.layout.blank(), self.layout.blank_sketches())
            self._profiles[event.customer] = profile
            self.sample.add(event.customer)
        self.layout.write(profile.slots, profile.sketches, event, products)
        if event.time > profile.last:
            profile.last = event.time
        self.quiet.set(event.customer, profile.last + self._quiet_check)
        self._changed.add(event.customer)
        return profile

    def wake(self, clock: int, before: int) -> Iterator[tuple[int, Profile]]:
        """Quiet customers who are due by `clock`, each at its due time; who came late, at the clock `before`.

        The next look comes after a quarter of the silence so far: features of a quiet customer change ever more
        slowly on the scales that matter, so a year of silence costs some twenty looks, not 365.
        """
        if not self.quiet.pending(clock):
            return
        for due, customer in self.quiet.due(clock):
            profile, due = self._profiles[customer], max(due, before)
            self.quiet.set(customer, due + max(self._quiet_check, (due - profile.last) // 4))
            self._changed.add(customer)
            yield due, profile

    def touch(self, profile: Profile) -> None:
        """Note that something of the profile changed beside its accumulators."""
        self._changed.add(profile.customer)

    def read_sample(self, clock: int) -> tuple[NDArray[np.uint64], tuple[str, ...], NDArray[np.float64]]:
        """Priorities [n], ids and feature rows [n, features] of the sampled customers, as they are at `clock`."""
        chosen = list(self.sample)
        ids = tuple(customer for _, customer in chosen)
        priorities = np.array([priority for priority, _ in chosen], dtype=np.uint64)
        return priorities, ids, self.read([self._profiles[customer] for customer in ids], clock)

    def read(self, profiles: Sequence[Profile], clock: int) -> NDArray[np.float64]:
        """Features [n, features] of the profiles at `clock`, or at their last event if that is later."""
        rows = np.frombuffer(b"".join([profile.slots.tobytes() for profile in profiles]))
        times = np.array([max(clock, profile.last) for profile in profiles], dtype=np.float64)
        return self.layout.read(rows.reshape(len(profiles), self.layout.width), times)

    def drain(self) -> dict[str, bytes | None]:
        """Packed profiles that changed since the last call."""
        changed, self._changed = self._changed, set()
        return {customer: self._pack(customer) for customer in sorted(changed)}

    def pack(self) -> list[tuple[str, bytes]]:
        """All packed profiles, by customer id."""
        return [(customer, self._pack(customer)) for customer in sorted(self._profiles)]

    def _pack(self, customer: str) -> bytes:
        return self._profiles[customer].pack(self.quiet.get(customer))
