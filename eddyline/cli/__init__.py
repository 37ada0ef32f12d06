"""The command line. Commands import what is heavy when they run, so that `--help` is quick."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
from collections.abc import Sequence

from eddyline.cli.app import app
from eddyline.cli.failures import describe
from stream.errors import EddylineError

__all__ = ["app", "main"]

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code.

    Parameters
    ----------
    arguments
        Without the program's name; default: those of the process. `--debug` may stand anywhere before a `--`.

    Returns
    -------
    int
        0 fine (also when the reader closes the pipe), 1 failure, 2 wrong use, input or deployment, 130 Ctrl-C.
    """
    if sys.stdout is None:  # closed by whoever started the process
        return describe(EddylineError("standard output is closed, so there is nowhere to print to"), debug=False)
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in options
    if debug:
        words.remove("--debug")
    notices = logging.StreamHandler(sys.stderr)
    notices.addFilter(logging.Filter("producers.kafka_client"))  # clients warn on their own; what matters is said once
    logging.getLogger().addHandler(notices)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an id with an emoji must not fail on an old terminal
    try:
        code = _invoke(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 0
    except SystemExit as exit_:
        if not isinstance(exit_.__context__, BrokenPipeError):
            raise
        _drop_output()  # Rich has noticed that the reader is gone, and would have it a failure
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _drop_output()
        return describe(error, debug=debug)
    finally:
        logging.getLogger().removeHandler(notices)
        logging.getLogger().addHandler(logging.NullHandler())
        gc.unfreeze()  # workers freeze what they hold; at exit some extension modules call that a leak, at length
    return code


def _drop_output() -> None:
    """What is still buffered cannot be written: Python would try again at exit, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _invoke(words: list[str]) -> int:
    """Run the command without Typer's own error handling, which knows other exit codes and boxes."""
    import typer

    command = typer.main.get_command(app)
    try:
        with command.make_context("eddyline", words) as context:
            command.invoke(context)
    except typer.Exit as exit_:
        return exit_.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    return 0
