"""Compares what is in Redis with the log."""

from __future__ import annotations

from typing import Any

import msgpack

from producers.topics import Topics
from stream.config import EngineConfig
from stream.engine import Engine
from stream.recommend.merged import POPULAR, MergedCounts
from stream.store.redis import RedisStore
from stream.store.transplant import CACHED
from tests.chaos.checker import Findings
from tests.chaos.reference import Contents, Reference


def compare_state(
    client: Any,
    prefix: str,
    config: EngineConfig,
    topics: Topics,
    contents: Contents,
    reference: Reference,
    committed: list[tuple[int, str]],
    findings: Findings,
) -> None:
    """Compare state and positions with the fold's, and with what the group has committed.

    Parameters
    ----------
    client, prefix
        Redis, and the start of all keys.
    config, topics
        Engine settings and names of the topics.
    contents, reference
        What is in the topics, and what must come of it.
    committed
        Offset and note of each partition.
    findings
        Where differences are noted.
    """
    store = RedisStore(client, topics.events, prefix=prefix)
    for partition, (offset, note) in enumerate(committed):
        events, decisions = contents[topics.events, partition], contents[topics.journal, partition]
        end = events[-1].offset + 1 if events else 0
        if offset != end or note not in ("", str(len(decisions))):
            findings.note(
                f"partition {partition}: offset {offset} with note {note!r} is committed; the log has events up to "
                f"{end} and {len(decisions)} decisions"
            )
        key = f"{prefix}:{{{topics.events}:{partition}}}"
        found = [client.get(f"{key}:{name}") for name in ("watermark", "number")]
        if [int(one or 0) for one in found] != [end, len(decisions)]:
            findings.note(f"partition {partition}: the store is at {found}, the log at {end} and {len(decisions)}")
        position = client.hget(f"{key}:scalars", "position")
        counted = msgpack.unpackb(position)[1] if position else 0
        if counted != len(events):
            findings.note(f"partition {partition}: {counted} events are counted of {len(events)}")
        hashed = Engine(config, store.load(partition)).state_hash()
        if hashed != reference.hashes[partition]:
            findings.note(f"partition {partition}: the state in Redis is {hashed}, not {reference.hashes[partition]}")
        lists, expected = dict(store.lists(partition)), reference.lists[partition]
        if lists != expected:
            wrong = sorted(one for one in lists.keys() | expected.keys() if lists.get(one) != expected.get(one))
            findings.note(f"partition {partition}: the lists of {wrong[:5]} are not those that were given last")
    _compare_items(store, client, prefix, config, topics, contents, findings)


def follows(client: Any, prefix: str, topics: Topics, partitions: int) -> bool:
    """Whether the cache of items has come to where all partitions are: it comes after the commits, a moment later."""
    store = RedisStore(client, topics.events, prefix=prefix)
    positions = [store.scalar(partition, "position") for partition in range(partitions)]
    entries = [msgpack.unpackb(one)[1] if one else 0 for one in positions]
    packed = store.shared(CACHED)
    return bool(packed) and dict(msgpack.unpackb(packed)) == dict(enumerate(entries))


def _compare_items(
    store: RedisStore,
    client: Any,
    prefix: str,
    config: EngineConfig,
    topics: Topics,
    contents: Contents,
    findings: Findings,
) -> None:
    """The newest model is shared, and the cache is that of the counts.

    Nearest items are as of an item's last order: what others have been ordered since then only makes them look nearer.
    """
    records = contents[topics.models, 0]
    version = records[-1].key if records else None
    if (shared := client.get(f"{prefix}:{topics.events}:shared:model-version")) != version:
        findings.note(f"the newest model is {version!r}, and the shared one {shared!r}")
    counts, names = MergedCounts(config.recommend), set()
    for partition in range(len([one for one in contents if one[0] == topics.events])):
        counts.replace(partition, rows := store.items(partition))
        names.update(rows)
    start = f"{prefix}:{topics.events}:similar:"
    cached = {
        key.decode().removeprefix(start): {
            name.decode(): score for name, score in client.zrange(key, 0, -1, withscores=True)
        }
        for key in client.scan_iter(f"{start}*")
    }
    expected = {item: near for item, near in counts.nearest(sorted(names)).items() if near}
    wrong = sorted(
        item
        for item in cached.keys() | expected.keys()
        if len(cached.get(item, {})) != len(expected.get(item, {}))
        or any(cached[item].get(other, 2) < near * (1 - 1e-6) for other, near in expected[item].items())
    )
    if wrong:
        findings.note(f"the cache of similar items is not that of the counts: {wrong[:5]}")
    ranked = client.zrange(f"{prefix}:{topics.events}:popular", 0, -1, withscores=True)
    if {name.decode(): score for name, score in ranked} != dict(counts.heaviest(POPULAR)):
        findings.note("the cache of popular items is not that of the counts")
