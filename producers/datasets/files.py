"""Opening text files as people have them: plain or gzipped, UTF-8 with or without a mark, or an old Latin-1."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from stream.errors import DataError

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as Latin-1: the pound sign of an old export stays one."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("eddyline-latin1", _as_latin1)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A text file, decompressed where its first bytes say gzip (whatever its name).

    Raises
    ------
    DataError
        Also while reading: when the file is missing, is not readable, is UTF-16, is damaged, or is no proper CSV.
    """
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == _GZIP
        with gzip.open(path, "rb") if zipped else path.open("rb") as binary:
            if binary.peek(2)[:2] in _UTF16:
                raise DataError(f"{path} is UTF-16; save it as UTF-8")
            yield TextIOWrapper(binary, "utf-8-sig", errors="eddyline-latin1", newline="")
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except csv.Error as error:
        raise DataError(f"{path} is not a proper CSV file: {error}") from error


def columns(path: Path, delimiter: str = ",") -> list[str]:
    """Names in the first line of a CSV file.

    Raises
    ------
    DataError
        When the file cannot be read or is empty.
    """
    with open_text(path) as file:
        header = next(csv.reader(file, delimiter=delimiter), None)
    if not header:
        raise DataError(f"{path} is empty; its first line must name the columns")
    return [name.strip() for name in header]


def require(path: Path, needed: list[str], present: list[str]) -> None:
    """Check that a file has the columns that are needed.

    Raises
    ------
    DataError
        Naming those that are missing and those that there are.
    """
    missing = [name for name in needed if name not in present]
    if not missing:
        return
    hint = ""
    if len(present) == 1:
        found = next((mark for mark in ";\t|," if mark in present[0]), None)
        hint = f"; it seems to be separated by {found!r}" if found else ""
    raise DataError(
        f"{path} has no column {', '.join(repr(name) for name in missing)}; "
        f"there are {', '.join(repr(name) for name in present)}{hint}"
    )
