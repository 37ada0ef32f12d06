"""`eddyline schema`"""

from __future__ import annotations

from typing import Annotated

import typer

from eddyline.cli.output import AsJson, print_json


def schema(
    name: Annotated[
        str | None, typer.Argument(help="An event, an update, or [bold]asyncapi[/bold]; without it, what there is.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the contract: JSON Schemas of what goes in and out, and the AsyncAPI document of all topics.

    [bold]Examples[/bold]

      eddyline schema                      What there is
      eddyline schema SegmentChanged       The JSON Schema of a segment change
      eddyline schema asyncapi > api.json  All topics in one document
    """
    from eddyline.contract import asyncapi, schemas
    from stream.errors import InputError

    documents = schemas()
    if name is None:
        if as_json:
            print_json({**documents, "asyncapi": asyncapi()})
            return
        for known, document in documents.items():
            print(f"{known:20}{_first_sentence(document)}")
        print(f"{'asyncapi':20}All topics in one AsyncAPI document.")
        return
    by_lower = {known.lower(): known for known in documents}
    if name.lower() == "asyncapi":
        print_json(asyncapi())
    elif name.lower() in by_lower:
        print_json(documents[by_lower[name.lower()]])
    else:
        raise InputError(f"there is no schema {name!r}; there are {', '.join(documents)} and asyncapi")


def _first_sentence(document: dict[str, str]) -> str:
    return document.get("description", "").partition("\n")[0]
