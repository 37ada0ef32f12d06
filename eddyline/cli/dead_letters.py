"""`eddyline dead-letters`"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, console, print_json, progress, table

if TYPE_CHECKING:
    from consumers.letters import Letter

app = typer.Typer(
    no_args_is_help=True, help="Look at records that were no events, and retry them.", rich_markup_mode="rich"
)

Reason = Annotated[str | None, typer.Option(help="Only those with this code, such as not_json.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Only those rejected since: a span (2h, 7d) or a date (2026-03-01T12:00)."),
]
Name = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As list shows it.", show_default=False)]


@app.command(name="list")
def list_(
    reason: Reason = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show, the newest.")] = 20,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest first, and count them by reason.

    Looked at are the newest 100,000 of each partition. Those that were retried say when.

    [bold]Examples[/bold]

      eddyline dead-letters list
      eddyline dead-letters list --reason key_mismatch --since 2h --limit 5
      eddyline dead-letters list --json | jq .reasons
    """
    from eddyline.dead_letters import Query
    from eddyline.settings import load_settings

    found = Query(reason=reason, since=_when(since)).find(load_settings(config))
    reasons = dict(Counter(letter.code for letter in found).most_common())
    if as_json:
        shown = [_document(letter) for letter in found[:limit]]
        print_json({"total": len(found), "reasons": reasons, "letters": shown})
        return
    _list(found[:limit], reasons)


@app.command()
def show(letter: Name, config: Config = None, as_json: AsJson = False) -> None:
    """Show one dead letter: what is wrong with it, where it came from, and its original bytes.

    Bytes that are no text are shown with escapes, and in --json as base64.

    [bold]Examples[/bold]

      eddyline dead-letters show 2:117
      eddyline dead-letters show 2:117 --json | jq -r .value
    """
    from eddyline.dead_letters import Query, body
    from eddyline.settings import load_settings

    settings = load_settings(config)
    (found,) = Query([letter]).find(settings)
    value = body(settings, found)
    if as_json:
        print_json(_document(found) | {"value": _text(value), "value_base64": _base64(value)})
        return
    for line in _told(found):
        print(line)
    print(_pretty(value))


@app.command()
def retry(
    letters: Annotated[
        list[str],
        typer.Argument(metavar="[PARTITION:OFFSET...]", help="Which, as list shows them.", show_default=False),
    ] = [],  # noqa: B006  (Typer copies it)
    reason: Reason = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write dead letters to the events topic again: original bytes, original key, each once.

    Do it when what was wrong is mended: settings in [events], or this version of Eddyline. Records that are wrong
    themselves become dead letters again. Event and mark are written in one transaction, so that none is retried twice,
    also when two retry at once. The event has the header eddyline-retried-from: TOPIC/PARTITION/OFFSET of its letter.

    [bold]Examples[/bold]

      eddyline dead-letters retry --reason too_large --dry-run
      eddyline dead-letters retry --reason too_large --since 2h --yes
      eddyline dead-letters retry 2:117 2:118 --json --yes
    """
    from stream.errors import InputError

    if not (letters or reason or since or everything):
        raise InputError("say which: PARTITION:OFFSET, --reason, --since, or --all")

    from consumers.retry import divide
    from eddyline.dead_letters import Query
    from eddyline.settings import load_settings

    settings, query = load_settings(config), Query(letters, reason, _when(since))
    _, outcome = divide(query.find(settings))
    if outcome.retried and not dry_run:
        if not yes:
            _confirm(outcome.retried, settings.topics.events)
        with progress("Retrying", outcome.retried) as advance:
            outcome = query.retry(settings, advance)
    if as_json:
        print_json(outcome._asdict() | {"dry_run": dry_run})
        return
    done = "would be written" if dry_run else "written"
    print(f"{outcome.retried:,} {done} to {settings.topics.events} again")
    if outcome.before:
        print(f"{outcome.before:,} left out: they were retried before")
    if outcome.cut:
        print(f"{outcome.cut:,} left out: of such large records the letters hold the beginning only")


def _confirm(count: int, topic: str) -> None:
    from stream.errors import InputError

    if not sys.stdin.isatty():
        raise InputError(f"{count:,} dead letters would be written to {topic} again; say --yes to do it without asking")
    typer.confirm(f"Write {count:,} dead letters to {topic} again?", abort=True, err=True)


def _list(found: list[Letter], reasons: dict[str, int]) -> None:
    from stream.updates import to_iso

    if not found:
        print("No dead letters.")
        return
    shown = table(
        ("Letter", "right"),
        ("Rejected", "left"),
        ("Customer", "left"),
        ("Reason", "left"),
        ("Why", "left"),
        ("Retried", "left"),
    )
    for letter in found:
        retried = "-" if letter.retried is None else to_iso(letter.retried)
        shown.add_row(letter.name, to_iso(letter.rejected), _escaped(letter.key), letter.code, letter.detail, retried)
    console().print(shown)
    total = sum(reasons.values())
    counts = ", ".join(f"{code} {count:,}" for code, count in reasons.items())
    print(f"{total:,} dead letter{'' if total == 1 else 's'}: {counts}")


def _told(letter: Letter) -> list[str]:
    from stream.updates import to_iso

    own = to_iso(letter.timestamp) if 0 <= letter.timestamp < 253_402_300_800_000 else str(letter.timestamp)
    lines = [
        f"Dead letter {letter.name}, rejected {to_iso(letter.rejected)}",
        f"Why: {letter.detail} ({letter.code})",
        f"From: {letter.topic}, partition {letter.source_partition}, offset {letter.source_offset}, written {own}",
        f"Key: {_escaped(letter.key)}",
    ]
    if letter.retried is not None:
        lines.append(f"Retried: {to_iso(letter.retried)}")
    size = "none" if letter.size < 0 else f"{letter.size:,} bytes"
    return [*lines, f"Value: {size}{', the beginning only' if letter.cut else ''}", ""]


def _document(letter: Letter) -> dict[str, Any]:
    from stream.updates import to_iso

    times = {"rejected": to_iso(letter.rejected), "retried": None if letter.retried is None else to_iso(letter.retried)}
    return (
        {"letter": letter.name} | asdict(letter) | {"key": _text(letter.key), "key_base64": _base64(letter.key)} | times
    )


def _pretty(value: bytes | None) -> str:
    """The body for people: JSON with indents, text as it is, other bytes with escapes."""
    text = _text(value)
    if value is None or text is None:
        return _escaped(value)
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text if all(sign.isprintable() or sign in "\n\t" for sign in text) else _escaped(value)


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _base64(value: bytes | None) -> str | None:
    """Only of what is no text."""
    return None if value is None or _text(value) is not None else base64.b64encode(value).decode()


def _escaped(value: bytes | None) -> str:
    """On one line, whatever is in it.

    >>> _escaped("ann 🦆".encode()), _escaped(bytes([255, 10])), _escaped(None)
    ('ann 🦆', '\\\\xff\\\\n', '-')
    """
    text = _text(value)
    if text is not None and text.isprintable():
        return text
    return "-" if value is None else repr(value)[2:-1]


def _when(text: str | None) -> int | None:
    """Milliseconds since 1970 of a date, or of a span ago."""
    from eddyline.cli.segments.period import instant
    from stream.durations import parse_duration

    if text is None:
        return None
    try:
        span = int(str(parse_duration(text)))
    except ValueError:
        return instant(text, "--since")
    return round(time.time() * 1000) - span
