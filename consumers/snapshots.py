"""Snapshots of a deployment: saved from its store, restored into it, and compared with its log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from consumers.journal import Journal
from consumers.source import LogReader
from producers.topics import Topics
from stream.config import EngineConfig
from stream.errors import DataError, InputError, Mismatch
from stream.migrate import check, migrated, settings
from stream.records import TopicPartition
from stream.snapshot.deltas import deltas
from stream.snapshot.header import Header
from stream.snapshot.reader import SnapshotReader, read_header
from stream.snapshot.writer import write_snapshot
from stream.store.base import StateStore
from stream.store.transplant import Plan, check_finished, finish, frozen, prepare, put_in_place

SUFFIX = ".snapshot"
COMMAND = "eddyline snapshot restore"

log = logging.getLogger(__name__)


class File(NamedTuple):
    """A snapshot's file and what it holds."""

    path: Path
    header: Header


def save(store: StateStore, topic: str, directory: Path, created: str, partitions: Sequence[int] = ()) -> list[File]:
    """Save partitions, each at its last commit, while workers go on.

    Parameters
    ----------
    store
        Of the deployment.
    topic
        The events topic.
    directory
        Where the files go: `TOPIC-PARTITION-OFFSET-NUMBER.snapshot`.
    created
        The time, ISO-8601.
    partitions
        Which ones; by default all. Of those in which nothing is stored there is no file.

    Raises
    ------
    InputError
        When nothing is stored, or a partition does not exist.
    Mismatch
        When a command that replaces the state was interrupted.
    """
    check_finished(store)
    claim, packed = store.claimed(), store.shared("settings")
    if claim is None or packed is None:
        raise InputError("nothing is stored, so there is nothing to save: run a worker first")
    known = json.loads(packed)
    wanted = partitions or range(claim.partitions)
    _exist(wanted, claim.partitions)
    saved = []
    for partition in wanted:
        with frozen(store, partition) as dump:
            if dump is None:
                log.info("partition %d: nothing is stored", partition)
                continue
            base = Header(
                known.get("format", 1), claim.deployment, topic, partition, claim.partitions, 0, 0, known, created
            )
            path = directory / f"{topic}-{partition}-{dump.watermark}-{dump.number}{SUFFIX}"
            saved.append(File(path, write_snapshot(path, base, dump)))
        log.info("partition %d: saved at offset %d as %s", partition, saved[-1].header.watermark, path)
    return saved


def find(paths: Iterable[Path]) -> list[File]:
    """Snapshots in files and directories, by topic, partition and position.

    Raises
    ------
    DataError
        When there is none, or one is damaged so that its header cannot be read.
    """
    found: dict[Path, Header] = {}
    for path in paths:
        for file in sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]:
            found[file] = read_header(file)
    if not found:
        raise DataError(f"there is no snapshot in {', '.join(map(str, paths)) or 'no file'}")
    files = [File(path, header) for path, header in found.items()]
    return sorted(files, key=lambda file: (file.header.topic, file.header.partition, _position(file)))


def newest(files: Iterable[File], partitions: Sequence[int] = ()) -> list[File]:
    """The latest snapshot of each partition.

    Raises
    ------
    InputError
        When a partition that is asked for has none, or they are of different partition counts.
    """
    latest: dict[int, File] = {}
    for file in files:
        if partitions and file.header.partition not in partitions:
            continue
        kept = latest.get(file.header.partition)
        if kept is None or _position(kept) < _position(file):
            latest[file.header.partition] = file
    missing = sorted(set(partitions) - latest.keys())
    if missing:
        raise InputError(f"there is no snapshot of partition {missing[0]}")
    counts = sorted({file.header.partitions for file in latest.values()})
    if len(counts) > 1:
        raise InputError(
            f"some of these snapshots are of {counts[0]} partitions and some of {counts[-1]}: name the files to restore"
        )
    return [latest[partition] for partition in sorted(latest)]


def restore(
    files: Sequence[File],
    store: StateStore,
    reader: LogReader,
    topics: Topics,
    config: EngineConfig,
    deployment: str,
    *,
    partial: bool = False,
    replace: bool = False,
    accept_gap: bool = False,
) -> None:
    """Put snapshots in the place of what the store holds: all of them, or none where one is damaged.

    No worker may run. The next one applies what the log has after each snapshot's position, and publishes nothing of
    it again that was published before.

    Parameters
    ----------
    files
        At most one of each partition; see `newest`.
    store, reader, topics, config, deployment
        The deployment that they are restored into.
    partial
        Leave the partitions of which there is no snapshot as they are; else they are emptied, and rebuilt from the log.
    replace
        Whether what is stored now may be lost.
    accept_gap
        Restore also where the log no longer has all that comes after a snapshot.

    Raises
    ------
    DataError
        When a file is damaged.
    InputError
        When there is a state already, or the log has a gap.
    Mismatch
        When a snapshot is of another deployment, topic or format.
    """
    if finish(store) is not None:
        log.warning("what was interrupted before has been finished first")
    for file in files:
        _check(file, topics.events, deployment)
        if not accept_gap:
            _check_gap(file, reader)
    recorded = store.claimed()
    count = files[0].header.partitions
    if recorded is not None and partial and recorded.partitions != count:
        raise Mismatch(f"the store has {recorded.partitions} partitions and the snapshots {count}: restore all of them")
    placed = tuple(file.header.partition for file in files)
    others = range(max(count, recorded.partitions if recorded else 0))
    emptied = () if partial else tuple(partition for partition in others if partition not in placed)
    for partition in (*placed, *emptied):
        if not replace and store.position(partition) is not None:
            raise InputError(f"partition {partition} has a state already: say --replace to have it replaced")
    for file in files:
        with SnapshotReader(file.path) as snapshot:
            dump = migrated(snapshot.dump(), file.header.format, config, str(file.path))
            prepare(store, file.header.partition, deltas(dump, config), dump.outbox)
    known = settings(files[0].header.settings)
    put_in_place(store, Plan(COMMAND, deployment, count, known, placed, emptied))


def check_tail(file: File, reader: LogReader, topics: Topics) -> int:
    """Records that the log has after a snapshot's position, which a restore applies; control markers count.

    Raises
    ------
    InputError
        When some of them are gone, or the log does not reach the position.
    Mismatch
        When the journal has lost records.
    """
    header = file.header
    _check_gap(file, reader)
    _, end = reader.bounds(TopicPartition(topics.events, header.partition))
    journal = Journal(reader, header.partition, topics)
    if end < header.watermark or journal.length() < header.number:
        raise InputError(
            f"{file.path} is at offset {header.watermark}, journal record {header.number}, which the log does not "
            "reach: it is of another log"
        )
    journal.between(header.number, journal.length())
    return end - header.watermark


def _check(file: File, topic: str, deployment: str) -> None:
    header = file.header
    if (header.deployment, header.topic) != (deployment, topic):
        raise Mismatch(
            f"{file.path} is of deployment {header.deployment!r} and topic {header.topic!r}, and this is deployment "
            f"{deployment!r} with topic {topic!r}"
        )
    check(header.format, str(file.path))


def _check_gap(file: File, reader: LogReader) -> None:
    header = file.header
    first, _ = reader.bounds(TopicPartition(header.topic, header.partition))
    if first > header.watermark:
        raise InputError(
            f"{file.path} is at offset {header.watermark}, and the log begins at {first}: events in between are lost. "
            "Take a later snapshot, or say --accept-gap to go on without them"
        )


def _exist(partitions: Iterable[int], count: int) -> None:
    for partition in partitions:
        if not 0 <= partition < count:
            raise InputError(f"there is no partition {partition}: they are 0 to {count - 1}")


def _position(file: File) -> tuple[int, int, int]:
    return file.header.partitions, file.header.watermark, file.header.number
