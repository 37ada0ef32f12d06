"""What operators ask: complete commands, and what stands of them."""

from __future__ import annotations

import msgpack
import pytest
from pydantic import ValidationError

from eddyline.examples import COMMAND
from stream.commands import SegmentCommand, Wishes, decode_command
from stream.errors import InputError


def after(*commands: dict[str, object]) -> Wishes:
    wishes = Wishes()
    for command in commands:
        wishes = wishes.after(SegmentCommand.model_validate(command))
    return wishes


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"action": "name", "segment": "s1"}, "name needs name"),
        ({"action": "name", "name": "VIP"}, "name needs a segment"),
        ({"action": "merge", "segment": "s1"}, "merge needs into"),
        ({"action": "merge", "segment": "s1", "into": "s1"}, "into itself"),
        ({"action": "lock", "segment": "s1", "name": "VIP"}, "lock takes no name"),
        ({"action": "k", "segment": "s1", "k": 4}, "for all segments"),
        ({"action": "k", "k": 1}, "greater than or equal to 2"),
        ({"action": "name", "segment": "s1", "name": ""}, "at least 1 character"),
        ({"action": "promote", "segment": "s1"}, "Input should be"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(asked, said):
    with pytest.raises(ValidationError, match=said):
        SegmentCommand.model_validate(asked)


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[]", b'{"action":"lock"}', b'{"action":"lock","segment":"s1","x":1}']
)
def test_a_record_that_is_no_command_is_told_apart(value):
    with pytest.raises(InputError, match="no command"):
        decode_command(value)


def test_the_documented_example_is_a_command():
    assert SegmentCommand.model_validate(COMMAND).name == "Gift buyers"


def test_the_last_word_counts():
    name = {"action": "name", "segment": "s1"}
    assert after({**name, "name": "A"}, {**name, "name": "B"}).names == {"s1": "B"}
    lock, unlock = ({"action": action, "segment": "s1"} for action in ("lock", "unlock"))
    assert after(lock, lock).locked == ("s1",)
    assert after(lock, unlock).locked == ()


def test_merges_lead_to_one_segment_and_never_in_a_circle():
    merge = {"action": "merge"}
    wishes = after(
        {**merge, "segment": "s3", "into": "s2"},
        {**merge, "segment": "s2", "into": "s1"},
        {**merge, "segment": "s1", "into": "s3"},
    )
    assert [wishes.root(segment) for segment in ("s1", "s2", "s3", "s4")] == ["s1", "s1", "s1", "s4"]


def test_each_retired_segment_is_one_fewer_until_a_number_is_said():
    retire = {"action": "retire", "segment": "s2"}
    assert after(retire, retire).learns(5) == 4
    assert after(retire, {"action": "k", "k": 6}).learns(5) == 6
    assert after({"action": "k", "k": 6}, retire).learns(5) == 5
    assert after({"action": "k", "k": 2}, retire, {**retire, "segment": "s1"}).learns(5) == 1


def test_wishes_are_stored_as_they_are():
    wishes = after(COMMAND, {"action": "merge", "segment": "s3", "into": "s2"}, {"action": "retire", "segment": "s5"})
    assert Wishes.from_dict(msgpack.unpackb(msgpack.packb(wishes.to_dict()))) == wishes
