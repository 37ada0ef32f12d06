"""The names of the keys in Redis.

With the default prefix and the topic `events`, partition 3 lives in these keys:

====================================  ======  =========================================================
`eddyline:{events:3}:epoch`           string  raised by each new owner
`eddyline:{events:3}:watermark`       string  next offset to apply
`eddyline:{events:3}:number`          string  journal records applied
`eddyline:{events:3}:outbox`          string  packed outputs of the last commit
`eddyline:{events:3}:profiles`        hash    customer -> packed profile
`eddyline:{events:3}:index:NAME`      zset    customers by rank: `hot`, `sample`, when next due; changed items
`eddyline:{events:3}:indexes`         set     names of the indexes
`eddyline:{events:3}:items`           hash    item -> packed co-counts
`eddyline:{events:3}:lists`           hash    customer -> current list (JSON), for any service to read
`eddyline:{events:3}:hidden`          hash    item -> why nobody is to be shown it, for any service to read
`eddyline:{events:3}:scalars`         hash    name -> packed value
`eddyline:{events:3}:seen`            string  hashes of message ids, 8 bytes each, appended
`eddyline:{events:3}:seen:older`      string  the generation before: together they hold the limit or more
`eddyline:{events:3}:seen:limit`      string  how many hashes are to be kept
====================================  ======  =========================================================

The topic as a whole has `eddyline:deployment:events` (JSON), `eddyline:events:shared:NAME` (string) and, for any
service to read, the sorted sets `eddyline:events:similar:ITEM` (nearest items) and `eddyline:events:popular`.
docs/cache.md is the contract of what others may read.
"""

from __future__ import annotations

STATE = (
    "watermark",
    "number",
    "outbox",
    "profiles",
    "items",
    "lists",
    "hidden",
    "scalars",
    "seen",
    "seen:older",
    "seen:limit",
)
"""What a partition's state is made of, beside the indexes, which follow from it, or are done without."""


class Keys:
    """Keys of one topic under one prefix.

    Attributes
    ----------
    deployment
        Whose state it is, and of how many partitions.
    popular
        Popular items.

    >>> keys = Keys("eddyline", "events")
    >>> keys.of(3, "watermark"), keys.similar("tea")
    ('eddyline:{events:3}:watermark', 'eddyline:events:similar:tea')
    """

    def __init__(self, prefix: str, topic: str) -> None:
        self.deployment = f"{prefix}:deployment:{topic}"
        self.popular = f"{prefix}:{topic}:popular"
        self._prefix, self._topic = prefix, topic

    def of(self, partition: int, name: str) -> str:
        """Something of a partition: all of them are in one slot."""
        return f"{self._prefix}:{{{self._topic}:{partition}}}:{name}"

    def similar(self, item: str) -> str:
        """An item's nearest items."""
        return f"{self._prefix}:{self._topic}:similar:{item}"

    def shared(self, name: str) -> str:
        """Something that belongs to no partition."""
        return f"{self._prefix}:{self._topic}:shared:{name}"
