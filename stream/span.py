"""A stretch of entries that are decided together, under one model.

Accumulators are written entry by entry; each entry's row is kept as it was at that moment. Then all rows of the
stretch are read, scaled and predicted in a few vectorised calls, and decisions are taken entry by entry again.
A row never depends on the rows beside it, so where a stretch is cut makes no difference but in speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.entries import Event
from stream.features.layout import Layout
from stream.products import Product
from stream.profiles.profile import Profile
from stream.updates import Cause, EventRejected


class Step(NamedTuple):
    """One moment in a stretch.

    `clock` is the partition's clock, `time` that of the customer: the event's, or of the latest event if that is
    later. `row` is the place of the customer's features in the stretch, -1 when there is no customer to decide on, or
    one of whom something is only asked.
    """

    clock: int
    time: int
    row: int = -1
    profile: Profile | None = None
    event: Event | None = None
    products: Sequence[Product] = ()
    model: int | None = None
    rejected: EventRejected | None = None

    @property
    def cause(self) -> Cause:
        """What made this moment."""
        if self.event is not None:
            return Cause(kind="event", event_id=self.event.message_id, event=self.event.kind)
        if self.model is not None:
            return Cause(kind="model", model=self.model)
        return Cause(kind="time")


class Span:
    """Steps in order, with the accumulators of their customers as they were."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._rows: list[bytes] = []
        self._times: list[int] = []

    def note(
        self,
        clock: int,
        time: int,
        profile: Profile | None = None,
        event: Event | None = None,
        products: Sequence[Product] = (),
        *,
        model: int | None = None,
        rejected: EventRejected | None = None,
    ) -> None:
        """Add a step; its profile's accumulators are copied as they are now."""
        row = -1
        if profile is not None:
            row = len(self._rows)
            time = max(time, profile.last)
            self._rows.append(profile.slots.tobytes())
            self._times.append(time)
        self.steps.append(Step(clock, time, row, profile, event, products, model, rejected))

    def ask(self, clock: int, event: Event, profile: Profile | None) -> None:
        """Add a step at which a customer, if known, is asked about, and has not acted."""
        time = event.time if profile is None else max(event.time, profile.last)
        self.steps.append(Step(clock, time, -1, profile, event))

    def features(self, layout: Layout) -> NDArray[np.float64]:
        """Features of all rows, shape [rows, features]."""
        rows = np.frombuffer(b"".join(self._rows)).reshape(len(self._rows), layout.width)
        return layout.read(rows, np.array(self._times, dtype=np.float64))
