"""What an operator asks of the segments: the commands on their topic, and what has been asked so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from stream.errors import InputError
from stream.values import Value

Action = Literal["name", "lock", "unlock", "merge", "retire", "k"]

_NEEDS = {"name": "name", "merge": "into", "k": "k"}


class SegmentCommand(Value):
    """What an operator asks of a segment.

    >>> SegmentCommand(action="name", segment="s3", name="Gift buyers").sentence
    "s3 is named 'Gift buyers'"
    """

    action: Action
    segment: str | None = Field(None, min_length=1, max_length=20, description="Id; absent for the action `k`")
    name: str | None = Field(None, min_length=1, max_length=60, description="For `name`: what it is called from now on")
    into: str | None = Field(None, min_length=1, max_length=20, description="For `merge`: id of the segment it joins")
    k: int | None = Field(None, ge=2, le=100, description="For `k`: how many segments are learnt from now on")
    by: str = Field("", max_length=100, description="Who asks; for the record")

    @model_validator(mode="after")
    def _complete(self) -> SegmentCommand:
        if (self.segment is None) != (self.action == "k"):
            raise ValueError("the action k is for all segments" if self.segment else f"{self.action} needs a segment")
        needed = _NEEDS.get(self.action)
        for name in ("name", "into", "k"):
            if (getattr(self, name) is None) != (name != needed):
                raise ValueError(f"{self.action} {'needs' if name == needed else 'takes no'} {name}")
        if self.segment is not None and self.segment == self.into:
            raise ValueError("a segment cannot be merged into itself")
        return self

    @property
    def sentence(self) -> str:
        """What was asked, in words."""
        if self.action == "k":
            return f"{self.k} segments are learnt"
        said = {
            "name": f"named {self.name!r}",
            "lock": "locked",
            "unlock": "no longer locked",
            "merge": f"merged into {self.into}",
            "retire": "retired",
        }
        return f"{self.segment} is {said[self.action]}"


def decode_command(value: bytes | None) -> SegmentCommand:
    """A command from its topic.

    Raises
    ------
    InputError
        When the record is no command.

    >>> decode_command(b'{"action":"lock","segment":"s1"}').segment
    's1'
    """
    try:
        return SegmentCommand.model_validate_json(value or b"")
    except ValidationError as error:
        raise InputError(f"no command: {error.errors()[0]['msg']}") from None


@dataclass(frozen=True)
class Wishes:
    """All that operators have asked for, as far as it stands.

    It is part of a model, so a replay that follows the journal sees every command when it took effect.

    Attributes
    ----------
    read
        Offset in the topic of commands up to which they are in here.
    names
        Id -> name.
    locked
        Ids of segments whose centres rest and which do not die.
    merged
        Id -> id of the segment that it is a part of.
    retired
        Ids of segments that are no more, and do not come back.
    k
        How many segments are learnt; None: as the settings say.
    fewer
        Segments retired since `k` was said: as many fewer are learnt.
    asked
        What was asked since the version before, in words.

    Examples
    --------
    >>> wishes = Wishes().after(SegmentCommand(action="merge", segment="s2", into="s1"))
    >>> wishes.root("s2"), wishes.root("s1")
    ('s1', 's1')
    """

    read: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    locked: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)
    retired: tuple[str, ...] = ()
    k: int | None = None
    fewer: int = 0
    asked: tuple[str, ...] = ()

    def after(self, command: SegmentCommand) -> Wishes:
        """With a command followed. One that would close a circle of merges changes nothing."""
        segment = command.segment or ""
        unlocked = tuple(known for known in self.locked if known != segment)
        if command.action == "k":
            return replace(self, k=command.k, fewer=0)
        if command.action == "name":
            return replace(self, names={**self.names, segment: command.name or ""})
        if command.action == "lock":
            return replace(self, locked=(*unlocked, segment))
        if command.action == "unlock":
            return replace(self, locked=unlocked)
        if command.action == "merge":
            into = self.root(command.into or "")
            return self if into == segment else replace(self, merged={**self.merged, segment: into})
        if segment in self.retired:
            return self
        return replace(self, retired=(*self.retired, segment), locked=unlocked, fewer=self.fewer + 1)

    def learns(self, k: int) -> int:
        """How many segments are learnt where the settings say `k`; at least one."""
        return max((self.k or k) - self.fewer, 1)

    def root(self, segment: str) -> str:
        """The segment that this one is a part of; itself where it was not merged."""
        while segment in self.merged:
            segment = self.merged[segment]
        return segment

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON or msgpack."""
        return {
            "read": self.read,
            "names": dict(self.names),
            "locked": list(self.locked),
            "merged": dict(self.merged),
            "retired": list(self.retired),
            "k": self.k,
            "fewer": self.fewer,
            "asked": list(self.asked),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Wishes:
        """Reverse of `to_dict`."""
        return cls(
            values["read"],
            dict(values["names"]),
            tuple(values["locked"]),
            dict(values["merged"]),
            tuple(values["retired"]),
            values["k"],
            values["fewer"],
            tuple(values["asked"]),
        )
