"""Running the command line as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment without any setting of Eddyline's, and without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EDDYLINE_", "FORCE_COLOR"))}
    return kept | {"COLUMNS": "120"}


@pytest.fixture
def eddyline(environment) -> Run:
    """`python -m eddyline ARGUMENTS`, with variables as keywords."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "eddyline", *arguments],
            capture_output=True,
            text=True,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    return run
