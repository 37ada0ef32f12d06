"""`eddyline segments name|lock|unlock|merge|retire|k`: what an operator may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eddyline.cli.options import Config
from eddyline.cli.output import AsJson

Segment = Annotated[str, typer.Argument(help="The segment's id, such as s3.", show_default=False)]


def name(
    segment: Segment,
    called: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.", show_default=False)],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Name a segment. Your name stays, whatever is learnt.

    [bold]Example[/bold]

      eddyline segments name s3 "Gift buyers"
    """
    _ask(config, as_json, action="name", segment=segment, name=called)


def lock(segment: Segment, config: Config = None, as_json: AsJson = False) -> None:
    """Lock a segment: its centre rests where it is, and it does not die, until you unlock it.

    [bold]Example[/bold]

      eddyline segments lock s3
    """
    _ask(config, as_json, action="lock", segment=segment)


def unlock(segment: Segment, config: Config = None, as_json: AsJson = False) -> None:
    """Let a locked segment follow its customers again.

    [bold]Example[/bold]

      eddyline segments unlock s3
    """
    _ask(config, as_json, action="unlock", segment=segment)


def merge(
    segment: Segment,
    into: Annotated[str, typer.Argument(help="The segment that it joins, and whose id stays.", show_default=False)],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Merge a segment into another: their customers are together from now on.

    [bold]Example[/bold]

      eddyline segments merge s4 s1
    """
    _ask(config, as_json, action="merge", segment=segment, into=into)


def retire(segment: Segment, config: Config = None, as_json: AsJson = False) -> None:
    """End a segment: its customers go to the nearest of the others, and one segment fewer is learnt.

    It does not come back; `eddyline segments k` says how many are learnt from now on.

    [bold]Example[/bold]

      eddyline segments retire s4
    """
    _ask(config, as_json, action="retire", segment=segment)


def k(
    number: Annotated[int, typer.Argument(metavar="K", min=2, max=100, help="How many.", show_default=False)],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say how many segments are learnt from now on, whatever the settings say.

    [bold]Example[/bold]

      eddyline segments suggest
      eddyline segments k 6
    """
    _ask(config, as_json, action="k", k=number)


def _ask(config: Path | None, as_json: bool, **asked: Any) -> None:
    from eddyline.cli.output import print_json
    from eddyline.settings import load_settings

    settings = load_settings(config)

    from eddyline.command import send_command  # after the settings: it is slow to import

    command = send_command(settings, **asked)
    if as_json:
        print_json(command.model_dump(mode="json", by_alias=True, exclude_none=True))
        return
    sentence = command.sentence
    print(f"Asked: {sentence}. A running worker follows within a second or two; see `eddyline segments`.")
