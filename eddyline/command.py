"""Sending an operator's command, after a look at whether it can be followed."""

from __future__ import annotations

import getpass
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from eddyline.connected import open_sink
from eddyline.lookup import read_segments
from eddyline.settings import Settings
from stream.commands import SegmentCommand
from stream.errors import InputError
from stream.records import Outgoing
from stream.updates import SegmentsRevised


def send_command(settings: Settings, **asked: Any) -> SegmentCommand:
    """Send a command to its topic; the worker that owns partition 0 of the events follows it.

    Parameters
    ----------
    settings
        Of the deployment.
    **asked
        Fields of `stream.commands.SegmentCommand`.

    Raises
    ------
    InputError
        When the command is incomplete, names a segment that does not exist, or asks for what cannot be.
    DataError
        When there are no segments yet.
    """
    try:
        command = SegmentCommand(by=_user(), **asked)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    if command.action != "k":
        check(command, read_segments(settings))
    key = (command.segment or command.action).encode()
    value = command.model_dump_json(by_alias=True, exclude_none=True).encode()
    with open_sink(settings) as sink:
        sink.send([Outgoing(settings.topics.commands, key, value, partition=0)])
        sink.flush()
    return command


def check(command: SegmentCommand, revision: SegmentsRevised) -> None:
    """Whether the present segments allow a command.

    Raises
    ------
    InputError
        Saying what is wrong and what there is.
    """
    names = {card.id: card.name for card in revision.segments}
    known = ", ".join(f"{segment} ({name})" for segment, name in names.items())
    for segment in (command.segment, command.into):
        if segment is not None and segment not in names:
            raise InputError(f"there is no segment {segment!r}; there are {known}")
    taken = {name: segment for segment, name in names.items() if segment != command.segment}
    if command.name is not None and command.name in taken:
        raise InputError(f"segment {taken[command.name]} is called {command.name!r} already; names are unique")
    if command.action in ("merge", "retire") and len(names) <= 2:
        raise InputError(f"{command.action} would leave a single segment, and one segment says nothing")


def _user() -> str:
    with suppress(KeyError, OSError):  # a container may run under a number without a name
        return getpass.getuser()
    return ""
