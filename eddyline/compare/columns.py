"""What the texts of a column are: numbers, dates, yes and no, or categories."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["number", "boolean", "date", "category"]

MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "?", "-"))
"""Texts, in lower case, that mean that there is no value."""

LARGEST = 1e30
"""A number beyond this, either way, is taken as missing: no model computes with it."""

_TRUE, _FALSE = ("true", "yes", "y", "t"), ("false", "no", "n", "f")
_BOOLEAN = dict.fromkeys(_TRUE, 1.0) | dict.fromkeys(_FALSE, 0.0)
_FORMATS = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%Y/%m/%d", "%d/%m/%Y")
_DAY = 86_400.0
_decimal_comma = re.compile(r"[+-]?\d+,\d+").fullmatch
_called_id = re.compile(
    r"(?i)(^|[_\s.-])(id|uuid|guid|key|nr|no)$|^id[_\s.-]|[a-z](ID|Id)$|^(row|index|unnamed: 0)$"
).search


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table, with its type.

    Attributes
    ----------
    name
        As the header has it.
    kind
        What its texts are.
    values
        Shape [n], NaN where missing: numbers; 1 and 0 of a boolean; days since 1970 (UTC) of a date; of a category
        the place in `categories`.
    categories
        Texts of a category, sorted; else empty.
    mixed
        A text that keeps a column of mostly numbers from being one; else None.
    """

    name: str
    kind: Kind
    values: Array
    categories: tuple[str, ...] = ()
    mixed: str | None = None

    @property
    def known(self) -> Array:
        """Values that are not missing."""
        found: Array = self.values[~np.isnan(self.values)]
        return found

    @property
    def constant(self) -> bool:
        """Whether it tells nothing: one value at most, and never missing beside it."""
        known = self.known
        return len(known) == 0 or (len(known) == len(self.values) and bool((known == known[0]).all()))

    @property
    def identifies(self) -> bool:
        """Whether it is an id: nearly every row has another text, or it counts or names rows.

        >>> column("customer_id", [str(9 * number % 31) for number in range(31)]).identifies
        True
        >>> column("age", [str(20 + number % 31) for number in range(40)]).identifies
        False
        """
        known = self.known
        if len(known) < 20:
            return False
        distinct = len(np.unique(known))
        if self.kind == "category":
            return distinct > 0.9 * len(known)
        if self.kind != "number" or distinct < len(known) or not (known == np.floor(known)).all():
            return False
        return bool(_called_id(self.name)) or bool((np.diff(known) == 1).all())


def column(name: str, texts: Sequence[str]) -> Column:
    """Infer the type of a column.

    All values that are not missing must agree; else they are categories. Numbers may have a decimal comma where none
    has a point. Days without a time zone are UTC.

    >>> for texts in (["1", "2.5", "NA"], ["yes", "no"], ["2024-05-01", "1970-01-02"], ["may", "jun"], ["1", "x"]):
    ...     made = column("a", texts)
    ...     print(made.kind, made.values.tolist(), made.categories, made.mixed)
    number [1.0, 2.5, nan] () None
    boolean [1.0, 0.0] () None
    date [19844.0, 1.0] () None
    category [1.0, 0.0] ('jun', 'may') None
    category [0.0, 1.0] ('1', 'x') x
    """
    texts = [text.strip() for text in texts]
    distinct = sorted(set(texts))
    known = [text for text in distinct if text.lower() not in MISSING]
    numbers = _numbers(known)
    if known and len(numbers) == len(known):
        return Column(name, "number", _mapped(texts, numbers))
    booleans = {text: _BOOLEAN[text.lower()] for text in known if text.lower() in _BOOLEAN}
    if known and len(booleans) == len(known):
        return Column(name, "boolean", _mapped(texts, booleans))
    dates = _dates(known)
    if dates is not None:
        return Column(name, "date", _mapped(texts, dates))
    places = {text: float(place) for place, text in enumerate(known)}
    other = next(text for text in known if text not in numbers) if known and 2 * len(numbers) >= len(known) else None
    return Column(name, "category", _mapped(texts, places), tuple(known), other)


def _mapped(texts: Sequence[str], values: dict[str, float]) -> Array:
    nothing = float("nan")
    return np.fromiter((values.get(text, nothing) for text in texts), np.float64, len(texts))


def _numbers(texts: Sequence[str]) -> dict[str, float]:
    comma = all("." not in text for text in texts)
    found = {}
    for text in texts:
        plain = text.replace(",", ".") if comma and _decimal_comma(text) else text
        try:
            value = float(plain)
        except ValueError:
            continue
        if "_" not in text:  # Python's own spelling of 1_000
            found[text] = value if abs(value) <= LARGEST else float("nan")
    return found


def _dates(texts: Sequence[str]) -> dict[str, float] | None:
    """Days since 1970 of each text, where all are dates of one form."""
    for form in ("iso", *_FORMATS):
        try:
            return {text: _days(text, form) for text in texts} if texts else None
        except ValueError:
            continue
    return None


def _days(text: str, form: str) -> float:
    moment = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)
    if form == "iso" and "-" not in text[1:]:
        raise ValueError("20240501 is a number")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / _DAY


def day(days: float) -> date:
    """The date so many days after 1970-01-01.

    >>> day(19844.5).isoformat()
    '2024-05-01'
    """
    return datetime.fromtimestamp(days * _DAY, UTC).date()
