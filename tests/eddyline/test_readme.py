"""What the README shows works as it is written there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from eddyline import Record, decode, preset

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_library_example_runs():
    names: dict[str, object] = {}
    exec(block("python"), names)
    assert names["updates"] == []
    assert list(names["delta"].profiles) == ["ann"]


def test_the_event_is_one():
    event = json.loads(block("json"))
    record = Record("events", 0, 0, 1_772_366_400_000, event["userId"].encode(), json.dumps(event).encode())
    assert decode(record, preset("shop").events).kind == event["event"] == "Order Completed"
