"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="EDDYLINE_CONFIG",
        metavar="FILE",
        help="Settings, in TOML; variables EDDYLINE_SECTION__FIELD override them.",
    ),
]
