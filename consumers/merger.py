"""The merger: contributions and operators' commands become the next model. Run by the worker that owns partition 0."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgpack

from consumers.batch import Adoption
from consumers.cache import ItemsCache
from consumers.commands import CommandLog
from consumers.owned import Owned
from stream.config import EngineConfig
from stream.contribution import Contribution, merge
from stream.damage import readable
from stream.model import learn
from stream.recommend.merge import merge_items
from stream.store.base import StateStore

log = logging.getLogger(__name__)


class Merger:
    """Knows what each partition has contributed, and learns from all of it when there is enough that is new.

    A command takes effect at once, in a model that differs in nothing else.

    Parameters
    ----------
    store
        Where contributions are.
    commands
        Where operators' commands are.
    config
        Engine settings.
    partitions
        How many there are.
    cache
        Has the item counts of all partitions.
    """

    def __init__(
        self, store: StateStore, commands: CommandLog, config: EngineConfig, partitions: int, cache: ItemsCache
    ) -> None:
        self._store = store
        self._commands = commands
        self._config = config
        self._partitions = partitions
        self._cache = cache
        self._contributed: dict[int, int] = {}  # partition -> entries in its newest contribution
        self._asked = 0  # offset of the next command

    def note(self, own: Mapping[int, int], *, look: bool) -> None:
        """Learn what is new: own contributions (partition -> entries), and if `look` those of others and commands."""
        self._contributed.update(own)
        if look:
            self._asked = self._commands.end()
            for partition in range(self._partitions):
                if partition not in own and (packed := self._store.scalar(partition, "contributed")) is not None:
                    self._contributed[partition] = msgpack.unpackb(packed)

    def due(self, first: Owned) -> bool:
        """Whether there is a model to be made after the one that partition 0 has."""
        return self._commanded(first) or self._contributions_due(first)

    def merge(self, first: Owned, own: Iterable[int]) -> Adoption | None:
        """The next model, and the contributions in it; `own` are this worker's partitions, `first` is number 0.

        None when the store has no contribution any more: it has lost them, and will get them again.
        """
        previous = first.engine.model
        if self._commanded(first):
            return Adoption(previous.revised(self._commands.follow(previous.wishes)), first.merged)
        found: dict[int, Contribution] = {}
        for partition in range(self._partitions):
            packed = self._store.scalar(partition, "contribution")
            if packed is not None:
                with readable(f"Partition {partition}: the contribution to the next model"):
                    found[partition] = Contribution.unpack(packed)
        merged = {partition: contribution.entries for partition, contribution in found.items()}
        self._contributed = dict(merged)
        if not found:
            return None
        together = merge(list(found.values()))
        self._cache.read(own)
        items = merge_items(self._cache.counts, previous.items, together.rankers, config=self._config.recommend)
        model = learn(together, items, previous, self._config)
        if model.failure:
            log.warning("%s; the segments before are kept", model.failure)
        log.info("model %d learnt from %d entries of %d partitions", model.version, sum(merged.values()), len(merged))
        return Adoption(model, merged)

    def _commanded(self, first: Owned) -> bool:
        return self._asked > first.engine.model.wishes.read

    def _contributions_due(self, first: Owned) -> bool:
        """Whether partitions have contributed enough since the present model.

        Enough is `learning.every` entries for each partition that contributes at all: then the work of learning and
        of adopting is in proportion to the events, however many partitions there are.
        """
        contributing = [partition for partition, entries in self._contributed.items() if entries]
        fresh = sum(max(0, self._contributed[partition] - first.merged.get(partition, 0)) for partition in contributing)
        return fresh > 0 and fresh >= self._config.learning.every * len(contributing)
