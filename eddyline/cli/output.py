"""What commands print: JSON or tables on stdout, progress on stderr and only in a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_json(document: Any) -> None:
    """One JSON document on stdout; `allow_nan` is off because JSON knows no NaN."""
    print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def console(*, stderr: bool = False) -> Console:
    """A console that colours only in a terminal, and not under NO_COLOR; text is taken as it is, without markup."""
    from rich.console import Console

    file = sys.stderr if stderr else sys.stdout
    width = None if file.isatty() else 120  # lines in a file or a pipe do not depend on a terminal
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def table(*columns: tuple[str, str], title: str | None = None) -> Table:
    """A table; columns are names with how they are aligned, `left` or `right`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for name, justify in columns:
        made.add_column(Text(name), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return made


class Advance(Protocol):
    """Moves a progress bar to what has been done, and may say what is going on."""

    def __call__(self, done: int, said: str | None = None) -> None: ...


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar on stderr; nothing at all where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, said=None: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    count = TextColumn("{task.completed:,}") if total is None else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)

        def advance(done: int, said: str | None = None) -> None:
            bar.update(task, completed=done, description=said or what)

        yield advance
