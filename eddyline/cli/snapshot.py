"""`eddyline snapshot`"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson, console, print_json, table

if TYPE_CHECKING:
    from consumers.snapshots import File

app = typer.Typer(
    no_args_is_help=True, help="Save all state at an exact position, check it, put it back.", rich_markup_mode="rich"
)

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Snapshots, or directories of them.", show_default=False)
]
Partitions = Annotated[
    list[int], typer.Option("--partition", "-p", min=0, help="Only this partition; may be given several times.")
]


@app.command()
def save(
    to: Annotated[Path, typer.Option(help="Directory for the files, one a partition.")] = Path("snapshots"),
    partition: Partitions = [],  # noqa: B006  (Typer copies it)
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Save each partition as it is at one commit. Workers may go on meanwhile.

    Redis copies a partition first, in one step, and needs room for it; what is saved is the copy.

    [bold]Examples[/bold]

      eddyline snapshot save --to /backup/eddyline
      eddyline snapshot save --partition 3
    """
    from eddyline.settings import load_settings
    from eddyline.snapshots import save_snapshots

    _show(save_snapshots(load_settings(config), to, partition), as_json)


@app.command()
def restore(
    paths: Paths,
    partition: Partitions = [],  # noqa: B006
    replace: Annotated[bool, typer.Option("--replace", help="Replace the state that is stored now.")] = False,
    accept_gap: Annotated[
        bool, typer.Option("--accept-gap", help="Restore also where the log has lost events after the snapshot.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put the latest snapshot of each partition into the store. No worker may run.

    The next worker applies what the log has after it, and publishes nothing a second time. A partition without a
    snapshot is rebuilt from the log. With --partition the others stay as they are.

    [bold]Examples[/bold]

      eddyline snapshot restore /backup/eddyline
      eddyline snapshot restore --replace --partition 3 /backup/eddyline/events-3-120000-41.snapshot
    """
    from eddyline.settings import load_settings
    from eddyline.snapshots import restore_snapshots

    settings = load_settings(config)
    _show(restore_snapshots(settings, paths, partition, replace=replace, accept_gap=accept_gap), as_json)


@app.command()
def verify(
    paths: Paths,
    against_log: Annotated[
        bool, typer.Option("--against-log", help="See whether the log still has all that comes after each.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Read all of each snapshot: checksum, counts, and the hash of the state, computed again.

    [bold]Examples[/bold]

      eddyline snapshot verify /backup/eddyline
      eddyline snapshot verify --against-log /backup/eddyline
    """
    from eddyline.settings import load_settings
    from eddyline.snapshots import verify_snapshots

    checked = verify_snapshots(load_settings(config) if against_log else None, paths)
    if as_json:
        print_json([_document(file) | ({} if tail is None else {"tail": tail}) for file, tail in checked])
        return
    shown = table(("Snapshot", "left"), ("State hash", "left"), ("Records after it", "right"))
    for file, tail in checked:
        shown.add_row(str(file.path), file.header.state_hash, "-" if tail is None else f"{tail:,}")
    console().print(shown)
    console().print(f"{len(checked)} snapshots, all of them whole.", soft_wrap=True)


@app.command(name="list")
def list_(paths: Paths, as_json: AsJson = False) -> None:
    """List snapshots: partition, position, size, date.

    [bold]Examples[/bold]

      eddyline snapshot list /backup/eddyline
    """
    from consumers.snapshots import find

    _show(find(paths), as_json)


def _show(files: list[File], as_json: bool) -> None:
    if as_json:
        print_json([_document(file) for file in files])
        return
    names = ("Partition", "Offset", "Journal", "Customers", "Items", "Bytes")
    shown = table(*((name, "right") for name in names), ("Saved at", "left"), ("File", "left"))
    for path, header in files:
        numbers = (header.watermark, header.number, header.profiles, header.items, header.size)
        of = f"{header.partition} of {header.partitions}"
        shown.add_row(of, *(f"{number:,}" for number in numbers), header.created, str(path))
    console().print(shown)


def _document(file: File) -> dict[str, Any]:
    return {"path": str(file.path), **asdict(file.header)}
