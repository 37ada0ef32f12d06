"""`eddyline dead-letters` on a real Kafka and a real Redis."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eddyline.connected import open_sink
from eddyline.settings import load_settings
from stream.records import Outgoing

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def send(*records: tuple[bytes | None, bytes | None]) -> None:
    settings = load_settings()
    with open_sink(settings) as sink:
        sink.send([Outgoing(settings.topics.events, key, value) for key, value in records])
        sink.flush()


def event(customer: str) -> bytes:
    return json.dumps({"type": "track", "userId": customer, "event": "Product Viewed"}).encode()


def test_a_mistake_in_settings_is_mended_and_its_letters_are_retried(said, monkeypatch):
    said("topics", "create", "--partitions", "2")
    assert "No dead letters." in said("dead-letters", "list")
    send((b"ann", event("ann")), (b"a", event("ann")), (b"b", event("bob")), (b"k", b"\xff\x00{"), (b"t", None))
    said("run", "--until-end")

    listed: dict[str, Any] = json.loads(said("dead-letters", "list", "--json"))
    assert listed["reasons"] == {"key_mismatch": 2, "not_json": 1, "tombstone": 1}
    assert listed["total"] == len(listed["letters"]) == 4
    assert json.loads(said("dead-letters", "list", "--reason", "not_json", "--json"))["total"] == 1
    assert json.loads(said("dead-letters", "list", "--since", "1h", "--json"))["total"] == 4
    assert json.loads(said("dead-letters", "list", "--since", "2199-01-01", "--json"))["total"] == 0
    few = json.loads(said("dead-letters", "list", "--limit", "1", "--json"))
    assert (few["total"], len(few["letters"])) == (4, 1)
    table = said("dead-letters", "list")
    assert "4 dead letters: key_mismatch 2" in table

    by_key = {letter["key"]: letter for letter in listed["letters"]}
    shown = said("dead-letters", "show", by_key["a"]["letter"])
    assert "The record's key is not the customer's id. (key_mismatch)" in shown
    assert '"userId": "ann"' in shown
    assert f"offset {by_key['a']['source_offset']}" in shown
    assert r"\xff\x00{" in said("dead-letters", "show", by_key["k"]["letter"])
    assert json.loads(said("dead-letters", "show", by_key["k"]["letter"], "--json"))["value_base64"] == "/wB7"
    assert "Value: none" in said("dead-letters", "show", by_key["t"]["letter"])

    assert "say which" in said("dead-letters", "retry", code=2)
    assert "no dead letter 1:999" in said("dead-letters", "retry", "1:999", "--yes", code=2)
    assert "'nothing' is no dead letter" in said("dead-letters", "show", "nothing", code=2)
    dry = json.loads(said("dead-letters", "retry", "--reason", "key_mismatch", "--dry-run", "--json"))
    assert dry == {"retried": 2, "before": 0, "cut": 0, "dry_run": True}
    assert "--yes" in said("dead-letters", "retry", "--reason", "key_mismatch", code=2)

    monkeypatch.setenv("EDDYLINE_EVENTS__REQUIRE_KEY", "false")
    assert "2 written to" in said("dead-letters", "retry", "--reason", "key_mismatch", "--yes")
    assert "2 left out: they were retried before" in said("dead-letters", "retry", "--reason", "key_mismatch", "--yes")
    totals = json.loads(said("run", "--until-end", "--json"))
    assert totals["records"] == 2
    assert "EventRejected" not in totals
    marked = json.loads(said("dead-letters", "list", "--json"))
    assert {one["key"] for one in marked["letters"] if one["retried"]} == {"a", "b"}
    assert marked["total"] == 4


def test_a_worker_that_meets_nothing_but_dead_letters_halts_unless_it_is_told_to_go_on(said, monkeypatch):
    monkeypatch.setenv("EDDYLINE_WORKER__REJECTED_LEAST", "3")
    said("topics", "create", "--partitions", "1")
    send(*[(b"k", b"{")] * 5)
    err = said("run", "--until-end", code=2)
    assert "error: 5 of the last 5 records are no events, so the worker halts" in err
    assert "--allow-rejected" in err
    assert json.loads(said("dead-letters", "list", "--json"))["total"] == 0
    assert json.loads(said("run", "--until-end", "--allow-rejected", "--json"))["EventRejected"] == 5
    assert json.loads(said("dead-letters", "list", "--json"))["reasons"] == {"not_json": 5}
