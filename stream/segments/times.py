"""Times of rows, as the caller has them, in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def seconds(t: Any) -> Array:
    """Seconds since the epoch, of datetimes (UTC where they have no zone), datetime64, or numbers (seconds already).

    Raises
    ------
    ValueError
        Where one of them is not a time, not finite or missing.

    Examples
    --------
    >>> from datetime import datetime, timedelta, timezone
    >>> seconds([datetime(1970, 1, 2), datetime(1970, 1, 2, 1, tzinfo=timezone(timedelta(hours=1)))]).tolist()
    [86400.0, 86400.0]
    >>> seconds(np.array(["1970-01-02"], dtype="datetime64[D]")).tolist()
    [86400.0]
    """
    values = np.asarray(t)
    if values.dtype.kind == "M":
        return _finite(np.where(np.isnat(values), np.nan, values.astype("datetime64[us]").astype(np.int64) / 1e6))
    if values.dtype.kind == "O":
        values = np.array([_seconds(time) for time in values.tolist()])
    if values.dtype.kind not in "iuf":
        raise ValueError(f"times must be datetimes or seconds, not {values.dtype}")
    return _finite(values.astype(np.float64))


def _seconds(time: Any) -> float:
    if not isinstance(time, datetime):
        raise ValueError(f"times must be datetimes or seconds, not {time!r}")
    return float(((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) / _SECOND)


def _finite(values: Array) -> Array:
    if not np.isfinite(values).all():
        raise ValueError("times must be finite")
    return values
