"""What a model costs: processor time, and the memory it takes at its peak."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class Cost:
    """Filled when the block has ended.

    Attributes
    ----------
    seconds
        Of this process on a processor: what else the machine does does not count.
    memory_mb
        By how much the process's resident memory grew at its peak, MB (10^6 bytes), beside what it held before: the
        table and its features. Memory that Python had kept for reuse is given back first, where the C library can.
    """

    seconds: float = 0.0
    memory_mb: float = 0.0


@contextmanager
def measured(cost: Cost) -> Iterator[None]:
    """Measure what a block takes; several blocks add their seconds, and the largest peak counts."""
    _give_back()
    before = _resident()
    started = time.process_time()
    yield
    cost.seconds += time.process_time() - started
    cost.memory_mb = max(cost.memory_mb, (_peak() - before) / 1e6, 0.0)


def _give_back() -> None:
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # glibc has it, musl has not
            trim(0)
        try:
            _CLEAR.write_text("5")  # the peak starts anew
        except OSError:
            return


def _resident() -> float:
    """Bytes now; where nobody tells, the most there has been, so that only growth beyond it is seen."""
    return _status("VmRSS:") or _maximum()


def _peak() -> float:
    return _status("VmHWM:") or _maximum()


def _status(field: str) -> float:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0.0)


def _maximum() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
