"""The demo while it runs: a live view in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eddyline.cli.output import console, table
from eddyline.cli.report import measured

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eddyline.embedded import Embedded
    from stream.segments.history import Chapter
    from stream.updates import Deciding, SegmentChanged

Watch = Callable[["Embedded"], None]

_MOVES = 6
_REFRESH = 8  # a second


@contextmanager
def view(total: int, *, quiet: bool = False) -> Iterator[Watch]:
    """Shows progress; yields what `Embedded.process` is to call after each chunk.

    Parameters
    ----------
    total
        Events that there will be.
    quiet
        Show nothing.
    """
    if quiet:
        yield lambda product: None
    elif sys.stdout.isatty():
        from rich.live import Live

        screen = _Screen(total)
        with Live(console=console(), refresh_per_second=_REFRESH, transient=True) as live:
            yield lambda product: live.update(screen.draw(product))
    else:
        yield _Lines(total)


class _Screen:
    """What the live view shows: progress, segments as they form, the last moves with their reasons."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.perf_counter()
        self._moves: deque[SegmentChanged] = deque(maxlen=_MOVES)

    def draw(self, product: Embedded) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        self._moves.extend(product.moves)
        speed = product.events / max(time.perf_counter() - self._started, 1e-9)
        head = Text(f"{product.events:,} of {self._total:,} events, {speed:,.0f} a second")
        segments = table(("Segment", "left"), ("Share of customers", "left"), ("", "right"))
        for card in sorted(product.cards, key=lambda card: (-card.share, card.id)):
            if card.lineage != "died":
                segments.add_row(card.name, "█" * round(card.share * 40), f"{card.share:.1%}")
        moves = table(("Customer", "left"), ("Moved", "left"), ("Because of", "left"))
        for move in self._moves:
            moves.add_row(move.customer, moved(move), because(move))
        revisions = Text("\n".join(line for chapter in product.history.chapters[-2:] for line in revised(chapter)))
        bar = ProgressBar(total=self._total, completed=product.events, width=60)
        waiting = Text("Segments form as soon as enough customers have been seen …")
        shown = (segments, revisions) if product.cards else (waiting,)
        return Group(head, bar, Text(), *shown, Text(), moves if self._moves else Text())


class _Lines:
    """A plain line for each tenth of the way, and for each revision that changed the segments."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._told = 0
        self._revisions = 0

    def __call__(self, product: Embedded) -> None:
        for chapter in product.history.chapters[self._revisions :]:
            for line in revised(chapter):
                print(line, flush=True)
        self._revisions = len(product.history.chapters)
        tenth = product.events * 10 // max(self._total, 1)
        if tenth > self._told:
            self._told = tenth
            print(f"{product.events:,} of {self._total:,} events", flush=True)
            for move in product.moves[::2]:
                print(f"  {move.customer}: {moved(move)}, because of {because(move)}", flush=True)


def revised(chapter: Chapter) -> list[str]:
    """A revision of the segments: what became of them, and why.

    >>> from stream.segments.history import Chapter
    >>> revised(Chapter(0, 5, "Learnt from 900 customers: 1 split.", ("s6 'Loyal' split from s2",)))
    ["model 5: s6 'Loyal' split from s2", '         Learnt from 900 customers: 1 split.']
    """
    head = f"model {chapter.model}: "
    return [f"{head}{'; '.join(chapter.changes) or 'no segment changed'}", f"{' ' * len(head)}{chapter.why}"]


def moved(move: SegmentChanged) -> str:
    """From where to where."""
    return f"{move.from_.name} → {move.to.name}" if move.from_ else f"→ {move.to.name}"


def because(move: SegmentChanged) -> str:
    """What decided: the cause, and the features that weighed most.

    >>> from eddyline.examples import UPDATES
    >>> because(UPDATES[0])
    'Order Completed: frequency 7 orders, monetary 413 money'
    """
    cause = {"time": "time passed", "model": "a new model", "event": move.cause.event or "an event"}[move.cause.kind]
    return f"{cause}: {', '.join(_told(one) for one in _for_it(move)[:2])}"


def _told(one: Deciding) -> str:
    if one.change is None:
        return measured(one.feature, one.value, one.unit)
    after = measured(one.feature, one.value, one.unit, " → ").partition(" → ")
    return f"{measured(one.feature, one.before, one.unit)} → {after[2]}"


def _for_it(move: SegmentChanged) -> list[Deciding]:
    """Deciding features that brought the move about, or spoke for the new segment; others were outweighed."""
    brought = [one for one in move.features if one.change is not None and one.change > 0]
    return brought or [one for one in move.features if one.contribution > 0]
