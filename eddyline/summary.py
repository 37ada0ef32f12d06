"""What has come of a run: the facts that `demo` and `load --embedded` end with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from hashlib import blake2b
from typing import Any

from stream.engine import Engine
from stream.evaluate.lists import share
from stream.evaluate.tally import Tally
from stream.evaluate.target import TargetTally
from stream.segments.flows import Flows
from stream.updates import SegmentCard


@dataclass(frozen=True)
class SegmentRow:
    """A segment: its present customers, and its centre in the features' units."""

    id: str
    name: str
    size: int
    share: float
    centre: dict[str, float]


@dataclass(frozen=True)
class TargetRow:
    """How well a target was predicted: each score measured before it was learnt from; None where there was none."""

    target: str
    examples: int
    auc: float | None
    calibration_error: float | None


@dataclass(frozen=True)
class Summary:
    """Facts of a run.

    Attributes
    ----------
    events
        Records processed, dead letters and duplicates too.
    seconds
        From the first record to the last commit.
    customers
        Known ones.
    segments
        The largest first.
    changes, scores, lists, dead_letters, duplicates
        Counts of updates, by kind.
    flap_rate
        Share of the moves that were taken back within a day; None where nobody moved.
    targets
        How well each was predicted.
    hit_rate_at_10, popularity_hit_rate_at_10
        Measured before learning; None where nothing could be measured.
    state_hash
        Of all partitions' state.
    """

    events: int
    seconds: float
    customers: int
    segments: tuple[SegmentRow, ...]
    changes: int
    scores: int
    lists: int
    dead_letters: int
    duplicates: int
    flap_rate: float | None
    targets: tuple[TargetRow, ...]
    hit_rate_at_10: float | None
    popularity_hit_rate_at_10: float | None
    state_hash: str

    @property
    def events_per_second(self) -> float:
        """Speed of the whole run."""
        return self.events / max(self.seconds, 1e-9)

    @property
    def auc(self) -> float | None:
        """Of the first target."""
        return self.targets[0].auc if self.targets else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"events_per_second": round(self.events_per_second, 1), **asdict(self)} | {
            "seconds": round(self.seconds, 3)
        }


def summarise(
    engines: Mapping[int, Engine],
    totals: Counter[str],
    cards: Sequence[SegmentCard],
    flows: Flows,
    events: int,
    seconds: float,
) -> Summary:
    """Sum up a run.

    Parameters
    ----------
    engines
        Of all partitions.
    totals
        The worker's counts.
    cards
        Segments of the latest revision.
    flows
        All segment changes, counted.
    events, seconds
        Records processed, and in which time.
    """
    sizes = Counter(profile.segment for engine in engines.values() for profile in engine.customers)
    customers = sizes.total()
    assigned = customers - sizes.pop("", 0)
    rows = [
        SegmentRow(card.id, card.name, size, round(size / max(assigned, 1), 6), dict(card.centre))
        for card in cards
        if card.lineage != "died" or sizes[card.id]
        for size in (sizes[card.id],)
    ]
    tally = reduce(Tally.merge, (engine.tally for _, engine in sorted(engines.items())), Tally())
    declared = [target.name for engine in list(engines.values())[:1] for target in engine.config.targets]
    targets = [(name, tally.targets.get(name, TargetTally()).since_start()) for name in declared]
    lists = tally.lists.total
    return Summary(
        events=events,
        seconds=seconds,
        customers=customers,
        segments=tuple(sorted(rows, key=lambda row: (-row.size, row.id))),
        changes=totals["SegmentChanged"],
        scores=totals["PropensityScored"],
        lists=totals["ItemsRecommended"],
        dead_letters=totals["EventRejected"],
        duplicates=tally.counts["duplicate"],
        flap_rate=flows.flap_rate,
        targets=tuple(
            TargetRow(name, round(found.examples), found.auc(), found.calibration_error()) for name, found in targets
        ),
        hit_rate_at_10=share(lists.hits, lists.trials),
        popularity_hit_rate_at_10=share(lists.popular_hits, lists.trials),
        state_hash=combined_hash({partition: engine.state_hash() for partition, engine in engines.items()}),
    )


def combined_hash(hashes: Mapping[int, str]) -> str:
    """One hash of all partitions' state hashes.

    >>> combined_hash({1: "b", 0: "a"}) == combined_hash({0: "a", 1: "b"})
    True
    """
    digest = blake2b(digest_size=16)
    for partition, state in sorted(hashes.items()):
        digest.update(f"{partition}:{state}\n".encode())
    return digest.hexdigest()
