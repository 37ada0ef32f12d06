"""Whose state a store holds: recorded by the first owner, compared by every later one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from stream.errors import Mismatch


@dataclass(frozen=True, slots=True)
class Claim:
    """A deployment and the number of partitions of its events topic.

    >>> Claim.parse(Claim("shop", 4).pack())
    Claim(deployment='shop', partitions=4)
    """

    deployment: str
    partitions: int

    def pack(self) -> bytes:
        """The claim as JSON, so that an operator can read it."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def parse(cls, packed: bytes) -> Claim:
        """Read what `pack` wrote."""
        return cls(**json.loads(packed))

    def check(self, recorded: Claim, where: str) -> None:
        """Compare with what is recorded at `where`.

        Raises
        ------
        Mismatch
            When the deployment or the partition count differs; the message says what to do.
        """
        if recorded.deployment != self.deployment:
            raise Mismatch(
                f"The {where} holds the state of deployment {recorded.deployment!r}, and this is deployment "
                f"{self.deployment!r}: give this one a database or a key prefix of its own."
            )
        if recorded.partitions != self.partitions:
            raise Mismatch(f"The {where} does not fit. {grown('events topic', recorded.partitions, self.partitions)}")


def grown(what: str, before: int, now: int) -> str:
    """What to say of a topic whose number of partitions is another than its state was made with.

    >>> grown("topic 'events'", 4, 6).partition(":")[0]
    "The topic 'events' had 4 partitions when its state was made, and now it has 6"
    """
    return (
        f"The {what} had {before} partitions when its state was made, and now it has {now}: customers' events come in "
        "other partitions than their profiles are in. `eddyline topics migrate` brings the state to where they come in."
    )
