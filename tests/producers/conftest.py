"""Small tables, a plain mapping, and what loading them tells."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from producers.datasets.mapping import Mapping
from producers.datasets.report import LoadReport
from producers.datasets.table import events

PLAIN: dict[str, Any] = {
    "customer": "who",
    "timestamp": "when",
    "event": {"constant": "Order Completed"},
    "properties": {"revenue": "amount", "note": "note"},
}
HEADER = "who,when,amount,note\n"
GOOD = "ann,2024-03-01T08:26:00Z,2.50,hello\n"


def mapping(**changes: Any) -> Mapping:
    return Mapping.model_validate(PLAIN | changes)


def load(path: Path, how: Mapping, **settings: Any) -> tuple[list[dict[str, Any]], LoadReport]:
    report = LoadReport()
    records = list(events(path, how, report, **settings))
    assert report.total == len(records)
    told = [json.loads(record.value) for record in records]
    for record, event in zip(records, told, strict=True):
        assert record.key.decode() == event.get("userId", event.get("anonymousId"))
        assert datetime.fromisoformat(event["timestamp"]).timestamp() * 1_000 == record.timestamp
    return told, report


def csv_file(tmp_path: Path, text: str, name: str = "sales.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path
