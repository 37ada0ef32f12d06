"""`eddyline segments history`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from stream.segments.history import Chapter, Life


def history(config: Config = None, as_json: AsJson = False) -> None:
    """Show the lives of all segments: births, splits, merges, ends, names, and why each revision was made.

    [bold]Examples[/bold]

      eddyline segments history
      eddyline segments history --json | jq '.segments[] | select(.ended == null)'
    """
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.lookup import read_revisions  # after the settings: it is slow to import
    from stream.segments.history import History

    told = History()
    for revision in read_revisions(settings):
        told.follow(revision)
    lives, chapters = list(told.lives.values()), told.chapters
    if as_json:
        print_json({"segments": [_life(life) for life in lives], "revisions": [_chapter(one) for one in chapters]})
    else:
        _show(lives, chapters)


def _life(life: Life) -> dict[str, Any]:
    from stream.updates import rounded, to_iso

    return {
        "id": life.id,
        "names": [{"since": to_iso(at), "name": name} for at, name in life.names],
        "began": to_iso(life.began),
        "ended": None if life.ended is None else to_iso(life.ended),
        "parents": list(life.parents),
        "absorbed": [{"at": to_iso(at), "segment": segment} for at, segment in life.absorbed],
        "firstShare": rounded(life.first_share),
        "lastShare": rounded(life.last_share),
    }


def _chapter(one: Chapter) -> dict[str, Any]:
    from stream.updates import to_iso

    return {"at": to_iso(one.at), "model": one.model, "why": one.why, "changes": list(one.changes)}


def _show(lives: list[Life], chapters: list[Chapter]) -> None:
    from rich.tree import Tree

    from eddyline.cli.output import console
    from stream.updates import to_iso

    screen = console()
    root = Tree("Segments")
    branches: dict[str, Tree] = {}
    for life in lives:
        above = branches.get(life.parents[0], root) if life.parents else root
        ended = "" if life.ended is None else f", ended {to_iso(life.ended)[:10]}"
        shares = f"{life.first_share:.1%} → {life.last_share:.1%}"
        label = f"{life.id}  {life.names[-1][1]}  since {to_iso(life.began)[:10]}{ended}  ({shares})"
        branch = branches[life.id] = above.add(label)
        for at, name in life.names[:-1]:
            branch.add(f"from {to_iso(at)[:10]} called {name!r}")
        for at, segment in life.absorbed:
            branch.add(f"{to_iso(at)[:10]}: {segment} merged into it")
    screen.print(root)
    screen.print("\nWhat happened")
    for one in chapters:
        screen.print(f"{to_iso(one.at)[:16].replace('T', ' ')}  model {one.model}  {one.why}", soft_wrap=True)
        for change in one.changes:
            screen.print(f"    {change}", soft_wrap=True)
