"""The cache of nearest and popular items, kept as all partitions have counted. Run by the owner of partition 0.

A partition says in the commit that stores an item's counts that they have changed: its index `CHANGED` ranks items by
the entries that the partition had applied. What this worker owns it knows at the commit, and of the others' partitions
it asks that index. Items whose counts have changed wait, each once, and the longest waiting are brought up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from time import perf_counter

import msgpack

from consumers.clock import Clock
from consumers.metrics import Metrics
from consumers.owned import Owned
from consumers.settings import WorkerSettings
from stream.config import RecommendConfig
from stream.damage import readable
from stream.errors import Fenced
from stream.recommend.counts import CHANGED
from stream.recommend.merged import POPULAR, MergedCounts
from stream.store.base import StateStore
from stream.store.transplant import CACHED

_READ = 5_000  # rows of one round trip


class ItemsCache:
    """Brings items of the cache up to date, a bounded number at a time.

    Each set is a function of the partitions' rows at one moment, and is replaced as a whole: whatever dies, an item
    that waited waits again, and the next owner of partition 0 does the rest.

    Parameters
    ----------
    store
        Where counts and cache are.
    config
        Engine settings of recommendations.
    partitions
        How many there are.
    settings, clock, metrics
        The worker's.

    Attributes
    ----------
    counts
        The merged counts of all partitions, as far as `read` has come.
    """

    def __init__(
        self,
        store: StateStore,
        config: RecommendConfig,
        partitions: int,
        settings: WorkerSettings,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.counts = MergedCounts(config)
        self._store = store
        self._config = config
        self._partitions = partitions
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._at: dict[int, int] = {}  # partition -> entries that the counts are of
        self._waiting: dict[str, float] = {}  # item -> when it was first known to have changed, the earliest first
        self._cached: dict[int, int] = {}  # as is in the store
        self._known = False  # whether it was read
        self._turned = float("-inf")

    @property
    def waiting(self) -> int:
        """Items that are not up to date."""
        return len(self._waiting)

    def forget(self) -> None:
        """Know nothing: it is read again from the store, if it is wanted."""
        if self._known:
            self.counts = MergedCounts(self._config)
            self._at.clear()
            self._waiting.clear()
            self._known = False
            self._turned = float("-inf")
            self._show()

    def taken(self, owned: Owned) -> None:
        """Note that a partition was taken over: its state may be another one now."""
        if owned.partition == 0:
            self.forget()
        elif self._at.get(owned.partition) != owned.engine.entries:
            self._at.pop(owned.partition, None)

    def committed(self, partition: int, changes: Mapping[str, bytes | None], entries: int) -> None:
        """Note what is in the store now of a partition of this worker: item -> packed row."""
        if partition in self._at:
            self.counts.update(partition, changes)
            self._at[partition] = entries
            self._wait(changes)

    def read(self, owned: Iterable[int]) -> None:
        """Read what is not known of partitions, but not of the `owned` ones that are: those tell it themselves."""
        if not self._known:
            packed = self._store.shared(CACHED)
            self._cached = dict(msgpack.unpackb(packed)) if packed else {}
            self._known = True
        mine = set(owned)
        for partition in range(self._partitions):
            if partition not in mine or partition not in self._at:
                with readable(f"Partition {partition}: the item counts"):
                    self._read(partition)

    def turn(self, first: Owned, owned: Iterable[int], *, idle: bool) -> None:
        """Do what is due: look at other workers' partitions, and bring some items up to date.

        Parameters
        ----------
        first
            Partition 0, by which this worker is the one that writes the cache.
        owned
            Partitions of this worker.
        idle
            Whether the worker has nothing else to do: nobody needs to be spared then.

        Raises
        ------
        Fenced
            When another worker owns partition 0 now.
        """
        now = self._clock.time()
        due = (now - self._turned) * 1000 >= self._settings.cache_every
        if due:
            self._turned = now
            self.read(owned)
        if self._waiting and (due or idle):
            if self._store.epoch(0) != first.epoch:
                raise Fenced("Partition 0 has another owner, so nothing was written to the cache of items.")
            self._publish()
        self._show()

    def _publish(self) -> None:
        began = perf_counter()
        some = list(islice(self._waiting, self._settings.cache_items))
        nearest = self.counts.nearest(some)
        self._store.publish_similar({item: nearest.get(item, {}) for item in some})
        self._store.publish_popular(dict(self.counts.heaviest(POPULAR)))
        now = self._clock.time()
        for item in some:
            self._metrics.cache_seconds.observe(max(0.0, now - self._waiting.pop(item)))
        if not self._waiting and self._at != self._cached:
            self._cached = dict(self._at)
            self._store.put_shared(CACHED, msgpack.packb(sorted(self._cached.items())))
        self._metrics.phases.labels("cache").observe(perf_counter() - began)

    def _show(self) -> None:
        since = next(iter(self._waiting.values()), None)
        self._metrics.cache_waiting.set(len(self._waiting))
        self._metrics.cache_age.set(0.0 if since is None else max(0.0, self._clock.time() - since))

    def _read(self, partition: int) -> None:
        packed = self._store.scalar(partition, "position")
        entries = msgpack.unpackb(packed)[1] if packed is not None else 0  # before the rows, which may be later
        known = self._at.get(partition)
        if known == entries:
            return
        if known is not None and known < entries:
            for names in self._changed(partition, known):
                rows = self._store.items(partition, names)
                self.counts.update(partition, {name: rows.get(name) for name in names})
                self._wait(names)
        else:  # not seen yet, or it has gone back
            differing = self.counts.replace(partition, self._store.items(partition))
            since = self._cached.get(partition, entries + 1)
            if known is None and since <= entries:
                for names in self._changed(partition, since):
                    self._wait(names)
            else:
                self._wait(differing)
        self._at[partition] = entries

    def _changed(self, partition: int, since: int) -> Iterable[list[str]]:
        """Names of a partition's items that have changed since it had applied so many entries."""
        while found := self._store.range(partition, CHANGED, since + 1, _READ):
            yield [name for name, _ in found]
            since = found[-1][1]

    def _wait(self, items: Iterable[str]) -> None:
        now = self._clock.time()
        for item in items:
            self._waiting.setdefault(item, now)
