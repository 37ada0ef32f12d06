"""Stored bytes that cannot be read: said in words, which they are and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stream.errors import Damaged, EddylineError

WHAT_TO_DO = "Restore a snapshot (`eddyline snapshot restore`), or empty the store: it is then rebuilt from the log."


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Whatever goes wrong while `what` is unpacked means that it is damaged.

    Raises
    ------
    Damaged
        Naming it, with the reason.
    """
    try:
        yield
    except EddylineError:
        raise
    except Exception as error:  # each part has a format of its own, and each reader its own way to fail
        raise Damaged(f"{what} cannot be read ({type(error).__name__}: {error}). {WHAT_TO_DO}") from error
