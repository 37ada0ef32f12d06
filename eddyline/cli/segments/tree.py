"""`eddyline segments tree`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from rich.tree import Tree

    from stream.segments.branches import Branch


def tree(
    k: Annotated[
        int | None, typer.Option("--k", min=1, help="Groups to show, instead of the present segments.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show how segments grow out of each other, cut where they are or into any other number of groups.

    For segments.algorithm = "hierarchical". Nothing is learnt anew, and nothing changes. The height says how unlike
    the two parts are; sizes are of the sample.

    [bold]Examples[/bold]

      eddyline segments tree
      eddyline segments tree --k 12 --json
    """
    from eddyline.cli.output import console, print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.sample import read_sample  # after the settings: it is slow to import
    from eddyline.segments import plain
    from stream.segments.branches import branches

    sample = read_sample(settings)
    top = branches(sample.model.learnt or sample.segments, settings.features, k)
    if as_json:
        print_json(plain(top))
        return
    console().print(_drawn(top, top.size, None))


def _drawn(branch: Branch, customers: int, parent: Tree | None) -> Tree:
    from rich.tree import Tree

    share = f"{branch.size / customers:.1%}"
    if branch.parts:
        label = f"{share}  {branch.size:,} customers, parted at height {branch.height:.2f}"
    else:
        label = f"{share}  {branch.name} ({', '.join(branch.segments)}), {branch.size:,} customers"
    drawn = Tree(label) if parent is None else parent.add(label)
    for part in branch.parts:
        _drawn(part, customers, drawn)
    return drawn
