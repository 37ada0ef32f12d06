"""Spans of time in settings, in milliseconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
DAY = _UNITS["d"]
_LONGEST = 36_525 * DAY  # a century: times and spans still add up to what 64 bits hold


def parse_duration(text: object) -> object:
    """Milliseconds of a duration such as `30d`, `12h`, `90s`; numbers pass through as milliseconds.

    >>> parse_duration("30d")
    2592000000
    """
    if not isinstance(text, str):
        return text
    for unit in sorted(_UNITS, key=len, reverse=True):
        number = text.strip().removesuffix(unit)
        if number != text.strip():
            try:
                return round(float(number) * _UNITS[unit])
            except (ValueError, OverflowError):  # no number, or an infinite one
                break
    raise ValueError(f"{text!r} is not a duration; write a number with ms, s, m, h, d or w, such as '30d'")


Duration = Annotated[int, BeforeValidator(parse_duration), Field(gt=0, le=_LONGEST)]
"""A positive span of time in milliseconds, written as `30d`, `12h`, `90s`; a century at most."""

Span = Annotated[int, BeforeValidator(parse_duration), Field(ge=0, le=_LONGEST)]
"""A span of time that may be nothing."""
