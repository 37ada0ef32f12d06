"""Flows against lists of changes made by hand."""

from __future__ import annotations

from stream.durations import DAY
from stream.segments.flows import Move, as_move, flows, sizes_over_time
from stream.updates import Cause, SegmentChanged, SegmentRef

HOUR = DAY // 24
MOVES = [
    Move("ann", 0, "", "s1", "model"),
    Move("bob", 1 * HOUR, "", "s1", "event"),
    Move("ann", 2 * HOUR, "s1", "s2", "event"),
    Move("ann", 5 * HOUR, "s2", "s1", "event"),  # takes the one before back
    Move("bob", 6 * HOUR, "s1", "s2", "time"),
    Move("bob", 40 * HOUR, "s2", "s1", "model"),  # too late to be flapping
    Move("ann", 41 * HOUR, "s1", "s3", "time"),
    Move("ann", 42 * HOUR, "s3", "s2", "event"),  # goes on, not back
]


def test_moves_are_counted_by_origin_and_end() -> None:
    found = flows(MOVES)
    assert found.counts == {
        ("", "s1"): 2,
        ("s1", "s2"): 2,
        ("s1", "s3"): 1,
        ("s2", "s1"): 2,
        ("s3", "s2"): 1,
    }
    assert (found.moves, found.assigned) == (6, 2)
    assert found.causes == {"event": 3, "model": 1, "time": 2}
    assert found.inflow("s1") == {"": 2, "s2": 2}
    assert found.outflow("s1") == {"s2": 2, "s3": 1}


def test_the_flap_rate_is_the_share_of_moves_taken_back_in_time() -> None:
    assert flows(MOVES).undone == 1
    assert flows(MOVES).flap_rate == 1 / 6
    assert flows(MOVES, undone_within=2 * HOUR).undone == 0
    assert flows(MOVES, undone_within=3 * HOUR).undone == 1
    assert flows(MOVES, undone_within=34 * HOUR).undone == 2
    assert flows([]).flap_rate is None
    assert flows(MOVES[:2]).flap_rate is None


def test_of_a_move_to_and_fro_each_step_that_is_taken_back_counts() -> None:
    to_and_fro = [Move("ann", hour * HOUR, *pair, "event") for hour, pair in enumerate([("a", "b"), ("b", "a")] * 2)]
    assert flows(to_and_fro).undone == 3
    assert flows(to_and_fro).moves == 4


def test_only_the_period_counts_and_a_move_undone_after_it_was_undone() -> None:
    found = flows(MOVES, since=2 * HOUR, until=5 * HOUR)
    assert found.counts == {("s1", "s2"): 1}
    assert (found.moves, found.undone) == (1, 1)
    assert flows(MOVES, since=3 * HOUR, until=6 * HOUR).undone == 0
    assert flows(MOVES, since=41 * HOUR).moves == 2


def test_customers_may_be_interleaved_in_any_way() -> None:
    apart = [move for name in ("bob", "ann") for move in MOVES if move.customer == name]
    assert flows(apart) == flows(MOVES)


def test_sizes_follow_from_the_moves() -> None:
    sizes = sizes_over_time(MOVES, [0, 1 * HOUR, 3 * HOUR, 6 * HOUR, 50 * HOUR])
    assert {segment: found.tolist() for segment, found in sizes.items()} == {
        "s1": [1, 2, 1, 1, 1],
        "s2": [0, 0, 1, 1, 1],
        "s3": [0, 0, 0, 0, 0],
    }
    assert sum(sizes.values()).tolist() == [1, 2, 2, 2, 2]


def test_a_customer_whose_first_move_is_no_longer_known_was_where_the_next_began() -> None:
    sizes = sizes_over_time(MOVES[2:], [0, 50 * HOUR])
    assert sizes["s1"].tolist() == [2, 1]
    assert sizes["s2"].tolist() == [0, 1]


def test_a_move_is_read_off_a_receipt() -> None:
    change = SegmentChanged(
        id="1",
        customer="ann",
        occurred_at=7,
        from_=SegmentRef(id="s1", name="Rare"),
        to=SegmentRef(id="s2", name="Frequent"),
        cause=Cause(kind="time"),
        model=3,
        margin=0.1,
    )
    assert as_move(change) == Move("ann", 7, "s1", "s2", "time")
    assert as_move(change.model_copy(update={"from_": None})).origin == ""
