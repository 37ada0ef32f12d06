"""States of an older release, brought to the present format: one step a format, each in a file of its own.

A step takes a dump in its format and gives it in the next one. Profiles and items pass through it one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stream.config import EngineConfig
from stream.errors import Mismatch
from stream.migrate import format_3, format_4
from stream.model import FORMAT
from stream.store.dump import Dump

STEPS: dict[int, Callable[[Dump, EngineConfig], Dump]] = {3: format_3.step, 4: format_4.step}
"""Format -> the step from there to the next."""


def migrated(dump: Dump, written: int, config: EngineConfig, where: str) -> Dump:
    """A state in the present format.

    Parameters
    ----------
    dump
        As it was written.
    written
        In which format.
    config
        Engine settings.
    where
        Whose it is, for messages.

    Raises
    ------
    Mismatch
        When it is of a later release, or too old.
    """
    check(written, where)
    for format_ in range(written, FORMAT):
        dump = STEPS[format_](dump, config)
    return dump


def check(written: int, where: str) -> None:
    """Refuse a format from which no step leads here.

    Raises
    ------
    Mismatch
        Saying what to do.
    """
    if written > FORMAT:
        raise Mismatch(
            f"{where} holds a state of format {written}, and this release of Eddyline writes format {FORMAT}: use the "
            "release that wrote it, or a later one"
        )
    if any(format_ not in STEPS for format_ in range(written, FORMAT)):
        raise Mismatch(
            f"{where} holds a state of format {written}, and this release of Eddyline reads those from {min(STEPS)} "
            "on: the log can rebuild it"
        )


def settings(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What a store has recorded of its state, in the present format."""
    return {**recorded, "format": FORMAT}
