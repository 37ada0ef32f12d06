"""A CSV file as typed columns and labels, with a note of all that was left out or decided."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eddyline.compare.columns import MISSING, Array, Column, column
from producers.datasets.files import open_text
from stream.errors import DataError, InputError

Labels = NDArray[np.bool_]

MOST_CELLS = 100_000_000
"""Of a table; a larger one does not fit into memory as text."""

_YES = ("1", "true", "yes", "y", "t", "1.0")
_NO = ("0", "false", "no", "n", "f", "0.0", "-1")
_SHOWN = 12  # columns named in a message


@dataclass(frozen=True, eq=False)
class Table:
    """Rows to learn from.

    Attributes
    ----------
    target
        The column that is predicted.
    positive
        Its value that counts as "it happened".
    columns
        All others that say something.
    labels
        Whether it happened, shape [n].
    times
        Numbers that grow with time, ascending, shape [n]; None without a time.
    dated
        Whether they are days since 1970.
    ordered
        Whether rows are in the order of time.
    delay
        Days after its time until a row's outcome is known.
    published
        Probabilities that were published of the rows, shape [n], NaN where there was none; None: nobody did.
    notes
        What was left out, and what was decided, a sentence each.
    """

    target: str
    positive: str
    columns: tuple[Column, ...]
    labels: Labels
    times: Array | None = None
    dated: bool = False
    ordered: bool = False
    delay: float = 0.0
    published: Array | None = None
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.labels)


def read_table(
    path: Path,
    target: str,
    *,
    positive: str | None = None,
    time: str | None = None,
    ordered: bool = False,
    drop: Sequence[str] = (),
) -> Table:
    """Read a CSV file, gzipped or not, separated by commas, semicolons or tabs.

    Parameters
    ----------
    target
        Column to predict. Rows without it are left out.
    positive
        Its value that counts as "it happened"; needed where it has more than two.
    time
        Column of numbers or dates by which rows are put in order; it is no feature.
    ordered
        Rows are in the order of time as they are.
    drop
        Columns to leave out.

    Raises
    ------
    DataError
        Where the file cannot be read, is empty, has ragged rows or two columns of one name, or a target that has one
        class or too many.
    InputError
        Where it has no column of that name, or nothing is left to learn from.
    """
    header, cells = read_cells(path)
    for name in (target, *([] if time is None else [time]), *drop):
        if name not in header:
            near = [one for one in header if one.lower() in get_close_matches(name.lower(), map(str.lower, header), 1)]
            meant = f"did you mean {near[0]!r}? Its" if near else "its"
            shown = ", ".join(map(repr, header[:_SHOWN])) + (", …" if len(header) > _SHOWN else "")
            raise InputError(f"{path} has no column {name!r}; {meant} {len(header):,} columns are {shown}")
    if target in drop or target == time:
        raise InputError(f"{target!r} is the target: it cannot be left out, and cannot be the time")
    notes: list[str] = []
    answers = [text.strip() for text in cells[header.index(target)]]
    kept = np.array([text.lower() not in MISSING for text in answers])
    if not kept.any():
        raise DataError(f"{path} has no row with a value of {target!r}: there is nothing to learn from")
    if not kept.all():
        notes.append(f"Left out are {int((~kept).sum()):,} rows without {target!r}.")
    answered = [text for text, keep in zip(answers, kept, strict=True) if keep]
    if len(set(answered)) == 1:
        unread = sorted({text for text, keep in zip(answers, kept, strict=True) if text and not keep})
        but = f" that have a value ({', '.join(map(repr, unread))} is read as missing)" if unread else ""
        raise DataError(f"{path}: {target!r} is {answered[0]!r} in all rows{but}; to learn, both outcomes are needed")
    positive = _positive(path, target, answered, positive)
    labels = np.array([text == positive for text in answers])
    columns = []
    for name, texts in zip(header, cells, strict=True):
        if name not in (target, time, *drop):
            columns.append(column(name, [text for text, keep in zip(texts, kept, strict=True) if keep]))
    used = _useful(columns, notes)
    if not used:
        raise InputError(f"{path} has no column beside {target!r} that could tell anything: {' '.join(notes)}")
    made = Table(target, positive, tuple(used), labels[kept], ordered=ordered, notes=tuple(notes))
    if time is None:
        return made
    texts = [text for text, keep in zip(cells[header.index(time)], kept, strict=True) if keep]
    return _in_time(made, column(time, texts))


def read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Names of the columns of a CSV file, and the texts of each.

    Raises
    ------
    DataError
        Where the file cannot be read, is empty or too large, or has ragged rows or two columns of one name.
    """
    with open_text(path) as file:
        first = file.readline()
        if not first.strip():
            raise DataError(f"{path} is empty; its first line must name the columns")
        delimiter = max(",;\t", key=first.count)
        names = next(csv.reader([first], delimiter=delimiter))
        if names[-1].endswith(("\r", "\n")):  # which only a quoted text keeps
            raise DataError(
                f"{path}: the name {names[-1].strip()!r} in the header begins with a quote that its line does not "
                "close; names of columns must not hold line breaks"
            )
        header = [name.strip() for name in names]
        _require_names(path, header)
        rows = []
        for number, row in enumerate(csv.reader(file, delimiter=delimiter), 2):
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(
                    f"{path}: row {number:,} has {len(row):,} values, but there are {len(header):,} columns; "
                    "mend or remove it"
                )
            rows.append(row)
            if len(rows) * len(header) > MOST_CELLS:
                raise DataError(f"{path} has more than {MOST_CELLS:,} cells: take fewer rows, or fewer columns")
    if not rows:
        raise DataError(f"{path} has a header and no rows: there is nothing to learn from")
    return header, [list(texts) for texts in zip(*rows, strict=True)]


def _require_names(path: Path, header: Sequence[str]) -> None:
    seen: set[str] = set()
    for place, name in enumerate(header, 1):
        if name in seen:
            raise DataError(f"{path} has more than one column {name!r}: rename one, so that it is clear which is meant")
        if not name:
            raise DataError(f"{path}: column {place:,} has no name in the header")
        seen.add(name)


def _positive(path: Path, target: str, answers: Sequence[str], wanted: str | None) -> str:
    """The value of the target that counts as "it happened"."""
    values = Counter(answers)
    if wanted is not None:
        if wanted not in values:
            raise InputError(f"{path}: {target!r} is never {wanted!r}; it is {_listed(values)}")
        return wanted
    if len(values) > 2:
        raise InputError(
            f"{path}: {target!r} has {len(values):,} values ({_listed(values)}); say which of them counts as "
            "happened: --positive VALUE"
        )
    for value, other in permutations(sorted(values)):
        if value.lower() in _YES or other.lower() in _NO:
            return value
    return min(values, key=lambda text: (values[text], text))


def _listed(values: Counter[str]) -> str:
    shown = sorted(values, key=lambda text: (-values[text], text))[:5]
    return ", ".join(map(repr, shown)) + (", …" if len(values) > len(shown) else "")


def _useful(columns: Sequence[Column], notes: list[str]) -> list[Column]:
    """Columns that can tell something of a row never seen."""
    constant = [one.name for one in columns if one.constant]
    ids = [one.name for one in columns if not one.constant and one.identifies]
    for names, why in ((constant, "the same in all rows, and tell nothing"), (ids, "ids, and tell nothing of others")):
        if names:
            shown = ", ".join(map(repr, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
            notes.append(f"Left out are columns that are {why}: {shown}.")
    used = [one for one in columns if one.name not in constant and one.name not in ids]
    for one in used:
        if one.mixed is not None:
            notes.append(f"Column {one.name!r} mixes numbers and text such as {one.mixed!r}: taken as categories.")
    return used


def _in_time(table: Table, time: Column) -> Table:
    """The table with its rows in order of a column; rows of one time stay as they were."""
    if time.kind not in ("number", "date"):
        raise InputError(f"--time: column {time.name!r} has neither dates nor numbers")
    known = ~np.isnan(time.values)
    if not known.any():
        raise InputError(f"--time: column {time.name!r} is empty")
    order = np.flatnonzero(known)
    order = order[np.argsort(time.values[order], kind="stable")]
    notes = list(table.notes)
    if len(order) < len(table):
        notes.append(f"Left out are {len(table) - len(order):,} rows without {time.name!r}.")
    if len(np.unique(table.labels[order])) < 2:
        raise DataError(f"all rows with a {time.name!r} have the same {table.target!r}; both outcomes are needed")
    return Table(
        table.target,
        table.positive,
        tuple(Column(one.name, one.kind, one.values[order], one.categories, one.mixed) for one in table.columns),
        table.labels[order],
        time.values[order],
        dated=time.kind == "date",
        ordered=True,
        notes=tuple(notes),
    )
