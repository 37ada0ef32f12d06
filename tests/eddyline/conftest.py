"""Running the command line as a user does, and on a deployment of its own."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest

from eddyline.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "hunter2"
SMALL = {
    "EDDYLINE_LEARNING__EVERY": "500",
    "EDDYLINE_SEGMENTS__WARM_UP": "60",
    "EDDYLINE_TARGETS": '[{"name": "orders_again", "events": ["Order Completed"], "min_examples": 20}]',
    "EDDYLINE_WORKER__POLL": "50ms",
}


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """`run` sets handlers and levels, of a stream that ends with the test."""
    loggers = [logging.root, *(logging.getLogger(name) for name in ("kafka", "kafka.net", "kafka.protocol", "redis"))]
    levels, handlers = [logger.level for logger in loggers], logging.root.handlers
    logging.root.handlers = handlers[:]
    yield
    logging.root.handlers = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment without any setting of Eddyline's, and without colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EDDYLINE_", "FORCE_COLOR"))}
    return kept | {"COLUMNS": "120"}


@pytest.fixture
def process(environment) -> Run:
    """`python -m eddyline ARGUMENTS`, with variables as keywords."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "eddyline", *arguments],
            capture_output=True,
            text=True,
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def eddyline(environment, monkeypatch, capsys) -> Run:
    """Like `process`, but in this one, which is quicker: for all that starting and ending have no part in."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name in set(os.environ) - set(environment):
                patch.delenv(name)
            for name, value in (environment | variables).items():
                patch.setenv(name, value)
            code = main(arguments)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return run


@pytest.fixture
def deployment(kafka, redis_url) -> dict[str, str]:
    """Variables of a deployment of its own on the shared servers."""
    name = f"t{uuid.uuid4().hex[:10]}"
    return SMALL | {
        "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "EDDYLINE_KAFKA__SESSION_TIMEOUT": "6s",
        "EDDYLINE_REDIS__URL": redis_url,
        "EDDYLINE_REDIS__PREFIX": name,
        "EDDYLINE_TOPICS__PREFIX": f"{name}.",
        "EDDYLINE_GROUP": name,
        "EDDYLINE_DEPLOYMENT": name,
    }


@pytest.fixture
def said(deployment, monkeypatch, capsys):
    """Run a command in this process, which is quicker than one of its own; what it printed, or why it refused."""
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object, code: int = 0) -> str:
        assert main([*map(str, arguments)]) == code
        out, err = capsys.readouterr()
        return err if code else out

    return run


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """One sentence, code 2, no traceback, no secret."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
    for words in said:
        assert words in lines[0]
