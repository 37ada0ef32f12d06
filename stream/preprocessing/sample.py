"""A uniform sample of the rows of a stream, for what no sum can tell: quantiles, ranks, dependence."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xxhash

from stream.rows import Array, Name, aligned, from_plain, named, plain


class RowSample:
    """The `size` rows with the smallest hashes, with their targets: a uniform sample without replacement.

    A row is hashed with its number in the stream, so that frequent values are drawn as often as they occur. Merging
    is exact: the sample of two streams is the `size` smallest of both samples. While a stream is shorter than `size`,
    the sample is the stream.

    Source: bottom-k sketches (Cohen, Kaplan: Summarizing data using bottom-k sketches, PODC 2007). A quantile q read
    from it has a standard error of √(q (1 - q) / size) in rank: 1.6 % for the median and 0.3 % for p1 at 1,024 rows.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen = 0
        self.names: list[Name] = []
        self._heap: list[tuple[int, bytes, Any]] = []  # negated priority: the root is the next to leave

    def learn(self, names: Sequence[Name], values: Array, targets: Sequence[Any] = ()) -> bool:
        """Offer rows [n, d], NaN where missing; whether any was taken."""
        self._widen(names)
        taken = False
        for place, row in enumerate(aligned(values, names, self.names) + 0.0):
            target = targets[place] if len(targets) else None
            self.seen += 1
            packed = row.tobytes()
            priority = xxhash.xxh3_64_intdigest(packed + repr(target).encode(), seed=self.seen)
            taken |= self._offer((-priority, packed, target))
        return taken

    def merge(self, other: RowSample) -> None:
        """Hold the sample of both streams."""
        self._widen(other.names)
        self.seen += other.seen
        for (negated, _, target), row in zip(other._heap, other.of(self.names), strict=True):
            self._offer((negated, row.tobytes(), target))

    def of(self, names: Sequence[Name]) -> Array:
        """The sampled rows over these columns, shape [rows, columns]."""
        return aligned(self._values(), self.names, names)

    @property
    def targets(self) -> list[Any]:
        """Of the sampled rows, in the order of `of`."""
        return [target for _, _, target in self._heap]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, in an order that the past does not decide; floats exact."""
        self._heap.sort(key=lambda entry: entry[:2])  # a sorted list is a heap
        return {
            "seen": self.seen,
            "names": self.names,
            "priorities": [-negated for negated, _, _ in self._heap],
            "rows": plain(self._values()),
            "targets": self.targets,
        }

    def restore(self, values: Mapping[str, Any]) -> None:
        """Reverse of `to_dict`, into a sample that has seen nothing."""
        self.seen, self.names = values["seen"], list(values["names"])
        rows = from_plain(values["rows"], len(self.names))
        entries = zip(values["priorities"], rows, values["targets"], strict=True)
        self._heap = [(-priority, row.tobytes(), target) for priority, row, target in entries]

    def _offer(self, entry: tuple[int, bytes, Any]) -> bool:
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
            return True
        if entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)
            return True
        return False

    def _values(self) -> Array:
        return np.frombuffer(b"".join([packed for _, packed, _ in self._heap])).reshape(
            len(self._heap), len(self.names)
        )

    def _widen(self, names: Sequence[Name]) -> None:
        if not set(names) <= set(self.names):
            wider = named({*self.names, *names})
            rows = self.of(wider)
            self._heap = [
                (negated, row.tobytes(), target) for (negated, _, target), row in zip(self._heap, rows, strict=True)
            ]
            self.names = wider
