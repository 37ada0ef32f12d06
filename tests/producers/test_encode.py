"""Updates as records, and the names of the topics."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from eddyline.examples import UPDATES
from producers.encode import encode
from producers.topics import CHANNELS, CLOUD_EVENT, DEAD_LETTER, OPTIONAL, RETRIED, Topics
from stream.updates import EventRejected, MetricsMeasured, RecommendationsAnswered, SegmentsRevised, Update, to_json

TOPICS = Topics()


@pytest.mark.parametrize(
    "update", [u for u in UPDATES if not isinstance(u, EventRejected)], ids=lambda update: type(update).__name__
)
def test_an_update_is_a_cloud_event(update: Update) -> None:
    record = encode(update, TOPICS)
    headers = {name: value.decode() for name, value in record.headers}
    assert record.value == to_json(update)
    assert headers["ce_id"] == update.id
    assert headers["ce_type"] == f"eddyline.{type(update).__name__}"
    assert headers["ce_time"] == "2026-03-01T12:34:56.789Z" == json.loads(record.value or b"")["occurredAt"]
    assert headers["ce_specversion"] == "1.0"
    assert headers["content-type"] == "application/json"
    answered = {"ce_correlationid"} if isinstance(update, RecommendationsAnswered) else set()
    assert set(headers) | {"ce_subject"} == set(CLOUD_EVENT) | answered
    if isinstance(update, SegmentsRevised | MetricsMeasured):
        assert (record.key, "ce_subject" in headers) == (record.topic.encode(), False)
    else:
        assert (record.key, headers["ce_subject"]) == (update.customer.encode(), update.customer)


def test_each_kind_has_its_own_topic() -> None:
    assert [encode(update, Topics(prefix="eu.")).topic for update in UPDATES] == [
        "eu.segment-changes",
        "eu.propensity-scores",
        "eu.recommendations",
        "eu.recommendation-replies",
        "eu.segments",
        "eu.metrics",
        "eu.dead-letters",
    ]


@pytest.mark.parametrize(("key", "value"), [(b"ann", b"\xff\x00{"), (None, None), (b"", b"")])
def test_a_dead_letter_keeps_the_original_bytes(key: bytes | None, value: bytes | None) -> None:
    letter = EventRejected(
        id="1",
        code="not_json",
        detail="Über 9.",
        topic="events",
        partition=3,
        offset=17,
        timestamp=2**62,
        key=key,
        value=value,
    )
    record = encode(letter, TOPICS)
    assert (record.topic, record.key, record.value) == ("dead-letters", key, value)
    assert dict(record.headers) == {
        "eddyline-id": b"1",
        "eddyline-code": b"not_json",
        "eddyline-detail": "Über 9.".encode(),
        "eddyline-source-topic": b"events",
        "eddyline-source-partition": b"3",
        "eddyline-source-offset": b"17",
        "eddyline-source-timestamp": str(2**62).encode(),
    }
    assert set(dict(record.headers)) == set(DEAD_LETTER) - OPTIONAL


def test_a_dead_letter_of_a_giant_is_cut_and_says_so() -> None:
    key, value = b"k" * 2**20, b"\x00\xff" * 2**23
    letter = EventRejected(
        id="1", code="x", detail="", topic="events", partition=0, offset=0, timestamp=0, key=key, value=value
    )
    record = encode(letter, TOPICS)
    assert record.key is not None
    assert record.value is not None
    assert key.startswith(record.key)
    assert value.startswith(record.value)
    assert len(record.key) + len(record.value) + sum(len(a) + len(b) for a, b in record.headers) < 1_000_000
    headers = dict(record.headers)
    assert (headers["eddyline-key-bytes"], headers["eddyline-value-bytes"]) == (b"1048576", b"16777216")
    assert set(headers) == set(DEAD_LETTER) - {RETRIED}


def test_names_of_topics() -> None:
    assert TOPICS.events == "events"
    renamed = Topics(prefix="eu.", events="clicks")
    assert (renamed.events, renamed.journal) == ("clicks", "eu.journal")
    assert Topics.model_validate(renamed.model_dump()) == renamed
    assert {channel.field for channel in CHANNELS} == set(Topics.model_fields) - {"prefix"}


@pytest.mark.parametrize(
    "bad",
    [
        {"events": "a b"},
        {"events": "."},
        {"events": ".."},
        {"events": ""},
        {"events": "a" * 250},
        {"events": "journal"},
        {"prefix": "/"},
        {"event": "x"},
    ],
)
def test_bad_names_of_topics(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Topics.model_validate(bad)
