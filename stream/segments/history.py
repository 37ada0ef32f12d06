"""The lives of segments, told by the revisions of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.updates import SegmentCard, SegmentsRevised


@dataclass(slots=True)
class Life:
    """One segment from its birth on.

    Attributes
    ----------
    id
        Durable id.
    names
        (event time, name): when it was called what.
    began, ended
        Event time (ms) of its first and last revision; None while it lives.
    parents
        Ids that it was split from; empty when it was born.
    absorbed
        (event time, id) of segments that merged with it.
    first_share, last_share
        Of customers, at its first revision and its latest.
    """

    id: str
    names: list[tuple[int, str]]
    began: int
    first_share: float
    last_share: float
    parents: tuple[str, ...] = ()
    ended: int | None = None
    absorbed: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A revision that changed more than sizes.

    Attributes
    ----------
    at
        Event time (ms).
    model
        Version of the model that brought it.
    why
        What made it.
    changes
        What became of the segments, in words.
    """

    at: int
    model: int
    why: str
    changes: tuple[str, ...]


class History:
    """Follows revisions, from the first one on.

    Attributes
    ----------
    lives
        Of all segments, by id, in the order of their births.
    chapters
        Revisions in which something happened to segments.
    """

    def __init__(self) -> None:
        self.lives: dict[str, Life] = {}
        self.chapters: list[Chapter] = []

    def follow(self, revision: SegmentsRevised) -> None:
        """Note the next revision."""
        changes = [said for card in revision.segments if (said := self._card(card, revision.occurred_at))]
        if changes or revision.why.startswith("An operator"):
            self.chapters.append(Chapter(revision.occurred_at, revision.model, revision.why, tuple(changes)))

    def _card(self, card: SegmentCard, at: int) -> str:
        """Note what a card says; in words, if it is more than a new size."""
        life = self.lives.get(card.id)
        if life is None:
            parents = card.parents if card.lineage == "split" else ()
            self.lives[card.id] = Life(card.id, [(at, card.name)], at, card.share, card.share, parents)
            return f"{card.id} {card.name!r} {'split from ' + ', '.join(parents) if parents else 'born'}"
        if card.lineage == "died":
            life.ended = at
            return f"{card.id} {card.name!r} ended"
        said = []
        life.last_share, life.ended = card.share, None
        if card.lineage == "merged":
            joined = [parent for parent in card.parents if parent != card.id]
            life.absorbed += [(at, parent) for parent in joined]
            said.append(f"{', '.join(joined)} merged into {card.id}")
        if card.name != life.names[-1][1]:
            said.append(f"{card.id} {life.names[-1][1]!r} is now {card.name!r}")
            life.names.append((at, card.name))
        return "; ".join(said)
