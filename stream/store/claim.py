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
            raise Mismatch(
                f"The {where} was filled when the topic had {recorded.partitions} partitions, and now it has "
                f"{self.partitions}, so customers have moved between partitions: choose a new key prefix, and the "
                f"state is rebuilt from the log, or go back to {recorded.partitions} partitions."
            )
