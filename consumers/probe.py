"""Named points of a worker's way, at which a test can end, stop or break it.

The worker calls its `Probe` with the name of each point that it reaches. `consumers.monitor` measures by the same
points.
"""

from __future__ import annotations

from collections.abc import Callable

Probe = Callable[[str], None]
"""Called with a name in `POINTS`; whatever it raises ends the step that is under way."""

COMMIT = {
    "polled": "records are polled, and what the cycle decides is decided; nothing is folded",
    "applied": "the cycle's batches are folded in memory; nothing is written",
    "written": "one partition's state and outbox are stored; called for each partition of the cycle",
    "stored": "the state and outbox of all partitions of the cycle are stored; no transaction is open",
    "begun": "the transaction is open in the client; nothing is sent",
    "sent": "outputs and decisions are handed to the client; offsets are not",
    "offsets": "the broker has the offsets too; the transaction is not committed",
    "committed": "the transaction is committed; the worker has not noted it yet",
}
"""Points of a cycle, in their order."""

TAKEOVER = {
    "acquired": "the epoch of a new partition is raised; its state is not read",
    "loaded": "its state is read, and what the log has is known; nothing is written",
    "published": "the outbox of the owner before is in the log (from `begun` to `offsets` come before it)",
    "reapplied": "a chunk of events that the store had lost is applied and stored; called for each chunk",
    "taken": "state and log are at one position; no record was polled",
}
"""Points of a takeover, in their order."""

POINTS = COMMIT | TAKEOVER
"""Each point's meaning by its name."""
