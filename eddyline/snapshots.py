"""Snapshots of the deployment that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from consumers.kafka import KafkaReader
from consumers.kafka_admin import KafkaAdmin
from consumers.snapshots import File, check_tail, find, newest, restore, save
from eddyline.connected import open_store
from eddyline.settings import Settings
from stream.errors import InputError
from stream.snapshot.reader import verify


def save_snapshots(settings: Settings, directory: Path, partitions: Sequence[int]) -> list[File]:
    """See `consumers.snapshots.save`."""
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with closing(open_store(settings)) as store:
        return save(store, settings.topics.events, directory, created, partitions)


def restore_snapshots(
    settings: Settings, paths: Sequence[Path], partitions: Sequence[int], *, replace: bool, accept_gap: bool
) -> list[File]:
    """The snapshots that were restored; see `consumers.snapshots.restore`.

    Raises
    ------
    InputError
        When a worker runs, and for what `consumers.snapshots` names.
    """
    files = newest(find(paths), partitions)
    require_no_workers(settings)
    with closing(open_store(settings)) as store, closing(KafkaReader(settings.kafka)) as reader:
        restore(
            files,
            store,
            reader,
            settings.topics,
            settings.engine,
            settings.deployment,
            partial=bool(partitions),
            replace=replace,
            accept_gap=accept_gap,
        )
    return files


def verify_snapshots(settings: Settings | None, paths: Sequence[Path]) -> list[tuple[File, int | None]]:
    """Read all of each; with settings also see what its log has after it.

    Returns
    -------
    list
        Of each snapshot, and how many records the log has after it; None where that was not asked for.

    Raises
    ------
    DataError
        When a snapshot is damaged.
    InputError
        When the log no longer has what comes after it.
    """
    files = find(paths)
    for file in files:
        verify(file.path)
    if settings is None:
        return [(file, None) for file in files]
    with closing(KafkaReader(settings.kafka)) as reader:
        return [(file, check_tail(file, reader, settings.topics)) for file in files]


def require_no_workers(settings: Settings) -> None:
    """Refuse while the group has members.

    Raises
    ------
    InputError
        Saying how many there are.
    """
    with closing(KafkaAdmin(settings.kafka)) as admin:
        members = admin.members(settings.group)
    if members:
        told = "a worker runs" if members == 1 else f"{members} workers run"
        raise InputError(
            f"{told} in group {settings.group!r}: stop all workers first; one that was killed counts until "
            "kafka.session_timeout is over"
        )
