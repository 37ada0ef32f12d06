"""The lives of segments, from revisions that are made by hand."""

from __future__ import annotations

from typing import Any

from stream.segments.history import History
from stream.updates import SegmentCard, SegmentsRevised


def revised(model: int, *cards: tuple[Any, ...], why: str = "Learnt.") -> SegmentsRevised:
    made = tuple(
        SegmentCard(id=f"s{number}", name=name, size=1, share=share, centre={}, lineage=lineage, parents=tuple(parents))
        for number, name, share, lineage, *parents in cards
    )
    return SegmentsRevised(id=str(model), model=model, occurred_at=model * 1_000, segments=made, why=why)


REVISIONS = [
    revised(1, (1, "Loyal", 0.6, "born"), (2, "Rare", 0.4, "born")),
    revised(2, (1, "Loyal", 0.5, "kept"), (2, "Rare", 0.5, "kept")),
    revised(3, (1, "Loyal", 0.3, "kept"), (2, "Lapsed", 0.5, "kept"), (3, "New", 0.2, "split", "s1")),
    revised(4, (1, "Loyal", 0.5, "merged", "s1", "s3"), (2, "Lapsed", 0.5, "kept"), (3, "New", 0.0, "died")),
    revised(5, (1, "VIP", 0.5, "kept"), (2, "Lapsed", 0.5, "kept"), why="An operator asked: s1 is named 'VIP'."),
]


def told() -> History:
    found = History()
    for revision in REVISIONS:
        found.follow(revision)
    return found


def test_lives() -> None:
    one, two, three = told().lives.values()
    assert (one.id, one.began, one.ended, one.first_share, one.last_share) == ("s1", 1_000, None, 0.6, 0.5)
    assert one.names == [(1_000, "Loyal"), (5_000, "VIP")]
    assert one.absorbed == [(4_000, "s3")]
    assert two.names == [(1_000, "Rare"), (3_000, "Lapsed")]
    assert (three.parents, three.began, three.ended) == (("s1",), 3_000, 4_000)


def test_only_what_changed_something_is_told() -> None:
    chapters = told().chapters
    assert [chapter.model for chapter in chapters] == [1, 3, 4, 5]
    assert chapters[1].changes == ("s2 'Rare' is now 'Lapsed'", "s3 'New' split from s1")
    assert chapters[2].changes == ("s3 merged into s1", "s3 'New' ended")
    assert chapters[3].why == "An operator asked: s1 is named 'VIP'."
