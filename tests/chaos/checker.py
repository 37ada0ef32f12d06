"""Compares what is in the topics and in Redis with what must be there, message by message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from producers.topics import CHANNELS, Topics
from tests.chaos.load import Written
from tests.chaos.reference import Contents, Message

UPDATES = ("segment_changes", "propensity_scores", "recommendations", "segments", "metrics")
DECISIONS = ("journal", "models")
_SAMPLES = 5


@dataclass
class Findings:
    """What is wrong with a run: counts of messages, and sentences."""

    messages: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    different: int = 0
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.wrong or self.lost or self.doubled or self.reordered or self.different)

    def note(self, sentence: str) -> None:
        """Add a sentence."""
        self.wrong.append(sentence)


def compare(
    topics: Topics,
    expected: Mapping[tuple[str, int], Sequence[Message]],
    contents: Contents,
    findings: Findings,
    names: Sequence[str] = UPDATES,
) -> None:
    """Compare topics that workers publish to, by partition and in order, and the dead letters.

    Parameters
    ----------
    topics
        Names of the topics.
    expected
        Messages by topic and partition, in order; missing ones are empty.
    contents
        What is in the topics.
    findings
        Where differences are noted.
    names
        Fields of the topics, without `dead_letters`.
    """
    for name in names:
        topic = getattr(topics, name)
        for (there, partition), records in contents.items():
            if there == topic:
                actual = [(one.key, one.value, one.headers) for one in records]
                _compare(f"{name} {partition}", expected.get((topic, partition), ()), actual, findings)
    # A record without a key goes to any partition, so dead letters are compared by where they came from.
    letters = [one for (topic, _), some in expected.items() if topic == topics.dead_letters for one in some]
    actual = []
    for (topic, partition), records in contents.items():
        if topic == topics.dead_letters:
            some = [(one.key, one.value, one.headers) for one in records]
            actual += some
            for source in {_source(one)[0] for one in some}:
                offsets = [_source(one)[1] for one in some if _source(one)[0] == source]
                if offsets != sorted(offsets):
                    findings.note(f"dead_letters {partition}: those of partition {source} are out of order")
                    findings.reordered += 1
    _compare("dead_letters", sorted(letters, key=_source), sorted(actual, key=_source), findings)


def _compare(where: str, expected: Sequence[Message], actual: Sequence[Message], findings: Findings) -> None:
    findings.messages += len(actual)
    if list(expected) == list(actual):
        return
    missing, extra = Counter(expected) - Counter(actual), Counter(actual) - Counter(expected)
    known = set(expected)
    doubled = sum(count for message, count in extra.items() if message in known)
    strange = {_id(message): message for message in extra if message not in known}
    changed = [message for message in missing if _id(message) in strange]
    lost = sum(missing.values()) - len(changed)
    different = sum(count for message, count in extra.items() if message not in known)
    findings.doubled += doubled
    findings.lost += lost
    findings.different += different
    if not missing and not extra:
        place = next(at for at, (one, other) in enumerate(zip(expected, actual, strict=True)) if one != other)
        findings.reordered += 1
        findings.note(f"{where}: out of order from message {place} of {len(actual)} on")
    else:
        findings.note(
            f"{where}: {len(expected)} messages expected, {len(actual)} found: {lost} lost, {doubled} doubled, "
            f"{different} different"
        )
        for message in [*changed, *(one for one in missing if one not in changed)][:_SAMPLES]:
            findings.note(f"  expected {_id(message)}: {(message[1] or b'')[:300]!r}")
            if _id(message) in strange:
                findings.note(f"     found {_id(message)}: {(strange[_id(message)][1] or b'')[:300]!r}")
        for message in list(strange.values())[:_SAMPLES]:
            findings.note(f"  not expected {_id(message)}: {(message[1] or b'')[:300]!r}")


def invariants(topics: Topics, contents: Contents, findings: Findings) -> None:
    """What must hold of the topics whatever the engine does: ids are unique, journals have no gap."""
    for channel in CHANNELS:
        topic = getattr(topics, channel.field)
        records = [one for (there, _), some in contents.items() if there == topic for one in some]
        if channel.field in UPDATES or channel.field == "dead_letters":
            ids = Counter(_id((one.key, one.value, one.headers)) for one in records)
            twice = [name for name, count in ids.items() if count > 1]
            if twice:
                findings.note(f"{channel.field}: {len(twice)} ids are there more than once, such as {twice[0]}")
        if channel.field == "journal":
            for partition in range(sum(there == topic for there, _ in contents)):
                numbers = [json.loads(one.value or b"{}")["number"] for one in contents[topic, partition]]
                if numbers != list(range(1, len(numbers) + 1)):
                    findings.note(f"journal {partition}: the numbers are not 1 to {len(numbers)} in order")


def loaded(topics: Topics, contents: Contents, written: Sequence[Written], findings: Findings) -> None:
    """What was loaded is in the events topic, in order: else the campaign itself has failed.

    Some of it may be there twice: the Kafka client may send again what a killed broker has taken and not acknowledged.
    """
    for (topic, partition), records in contents.items():
        if topic == topics.events:
            wanted = dict.fromkeys((one.key, one.value, one.timestamp) for one in written if one.partition == partition)
            if list(dict.fromkeys((one.key, one.value, one.timestamp) for one in records)) != list(wanted):
                findings.note(f"events {partition}: not what was loaded ({len(records)} records)")


def _id(message: Message) -> str:
    headers = dict(message[2])
    return (headers.get("ce_id") or headers.get("eddyline-id") or b"").decode()


def _source(message: Message) -> tuple[int, int]:
    headers = dict(message[2])
    return int(headers["eddyline-source-partition"]), int(headers["eddyline-source-offset"])
