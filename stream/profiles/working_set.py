"""The profiles of one partition that are in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator

from stream.profiles.indexes import HOT
from stream.profiles.profile import Profile
from stream.store.base import StoredProfiles


class WorkingSet:
    """Profiles by customer, the most recently seen held in memory and the others read from the store when needed.

    Who is hot is part of the state: the `size` customers whose events came last, as the entries alone decide. Who is in
    memory is not: the hot, the pinned, and whoever the batch in hand has needed.

    Parameters
    ----------
    size
        Customers that are hot, at most.
    floor
        Whoever was touched at or before it is not hot.
    stored
        The store, in which all that was drained is found at the next `settle`; without it all stay in memory.
    unpack
        Makes a profile of its customer and packed bytes.
    """

    def __init__(
        self, size: int, floor: int, stored: StoredProfiles | None, unpack: Callable[[str, bytes], Profile]
    ) -> None:
        self.floor = floor
        self._size = size
        self._stored = stored
        self._unpack = unpack
        self._resident: dict[str, Profile] = {}
        self._hot: OrderedDict[str, None] = OrderedDict()  # the least recently seen first
        self._ranks: dict[str, int | None] = {}
        self._changed: set[str] = set()
        self._passing: set[str] = set()  # in memory, and perhaps not to stay
        self._unknown: set[str] = set()  # read and not found: the store need not be asked again
        self._count = 0
        if stored is not None:
            self._count = len(stored)
            ranked = stored.range(HOT, floor + 1, size)
            self.prepare([customer for customer, _ in ranked])
            for customer, _ in ranked:
                self._heat(customer)

    def __len__(self) -> int:
        """Customers known, in memory or not."""
        return self._count

    def __getitem__(self, customer: str) -> Profile:
        """A known customer's profile."""
        if (profile := self.get(customer)) is None:
            raise KeyError(customer)
        return profile

    @property
    def held(self) -> int:
        """Customers in memory."""
        return len(self._resident)

    def __iter__(self) -> Iterator[Profile]:
        """All profiles, by customer id: an order that the log's past does not decide."""
        if self._stored is None:
            return (self._resident[customer] for customer in sorted(self._resident))
        every = {customer: self._unpack(customer, packed) for customer, packed in self._stored.scan()}
        for customer in self._changed:
            every.pop(customer, None)
        every.update(self._resident)
        return (every[customer] for customer in sorted(every))

    def names(self) -> Iterator[str]:
        """All customers, in no order, some perhaps twice."""
        yield from self._resident
        for customer, _ in self._stored.scan() if self._stored is not None else ():
            if customer not in self._resident and customer not in self._changed:
                yield customer

    def hot(self) -> Iterator[Profile]:
        """Profiles of the hot customers, by id."""
        return (self._resident[customer] for customer in sorted(self._hot))

    def prepare(self, customers: Iterable[str]) -> None:
        """Read at once those that are not in memory."""
        if self._stored is None or self.held == self._count:
            return
        wanted = [name for name in customers if name not in self._resident and name not in self._unknown]
        if not wanted:
            return
        found = self._stored.read(wanted)
        for customer in wanted:
            if customer in self._changed:  # forgotten in this batch
                continue
            if (packed := found.get(customer)) is None:
                self._unknown.add(customer)
            else:
                self._resident[customer] = self._unpack(customer, packed)
                self._passing.add(customer)

    def get(self, customer: str) -> Profile | None:
        """A customer's profile, if known."""
        profile = self._resident.get(customer)
        if profile is None:
            self.prepare((customer,))
            profile = self._resident.get(customer)
        return profile

    def add(self, profile: Profile) -> None:
        """Know another customer."""
        self._resident[profile.customer] = profile
        self._passing.add(profile.customer)
        self._count += 1

    def use(self, profile: Profile, stamp: int) -> None:
        """Note that an event of the customer has come; `stamp` grows from event to event."""
        profile.touched = stamp
        self._heat(profile.customer)
        self._ranks[profile.customer] = stamp
        self._changed.add(profile.customer)

    def touch(self, customer: str) -> None:
        """Note that a profile was changed otherwise."""
        self._changed.add(customer)

    def forget(self, customer: str) -> None:
        """Know a customer no more."""
        del self._resident[customer]
        if customer in self._hot:
            del self._hot[customer]
            self._ranks[customer] = None
        self._changed.add(customer)
        self._count -= 1

    def release(self, customer: str) -> None:
        """Pin a customer no more."""
        self._passing.add(customer)

    def settle(self, pinned: Container[str]) -> None:
        """Let go of profiles that are neither hot nor pinned; what was drained is in the store by now."""
        if self._stored is not None:
            for customer in self._passing:
                if customer not in self._hot and customer not in pinned:
                    self._resident.pop(customer, None)
            self._unknown.clear()
        self._passing.clear()

    def drain(self) -> dict[str, bytes | None]:
        """Packed profiles that changed since the last call; None for those that were forgotten."""
        changed, self._changed = self._changed, set()
        return {
            customer: profile.pack() if (profile := self._resident.get(customer)) is not None else None
            for customer in sorted(changed)
        }

    def drain_ranks(self) -> dict[str, int | None]:
        """Changes of the index of hot customers since the last call."""
        ranks, self._ranks = self._ranks, {}
        return ranks

    def _heat(self, customer: str) -> None:
        self._hot[customer] = None
        self._hot.move_to_end(customer)
        if len(self._hot) > self._size:
            coldest, _ = self._hot.popitem(last=False)
            self.floor = self._resident[coldest].touched
            self._ranks[coldest] = None
            self._passing.add(coldest)
