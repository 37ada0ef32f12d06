"""Options for a period of event time."""

from __future__ import annotations

from typing import Annotated

import typer

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only moves from then on, such as 2011-11-01 (UTC); default: all that are kept."),
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only moves before then, such as 2011-12-01T12:00; default: all.")
]


def instant(text: str | None, option: str) -> int | None:
    """Milliseconds of a date or a time, UTC where it names no zone."""
    from stream.updates import from_iso

    if text is None:
        return None
    try:
        return from_iso(text)  # type: ignore[return-value]
    except ValueError:
        raise typer.BadParameter(f"{option}: {text!r} is no date; write it as 2011-11-01 or 2011-11-01T12:00") from None
