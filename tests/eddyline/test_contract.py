"""The written contract: fresh, valid, and true of what is really read and written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from eddyline.contract import asyncapi, render, schemas, write
from eddyline.examples import EVENT, UPDATES
from producers.topics import CHANNELS
from stream.config import EventsConfig
from stream.entries import Event
from stream.events import CallType, decode
from stream.records import Record
from stream.updates import Update, to_json

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OFFICIAL = ROOT / "tests" / "vendor" / "asyncapi-3.0.0.json"


def valid(name: str, value: Any) -> bool:
    return Draft202012Validator(schemas()[name]).is_valid(value)


def test_what_is_in_docs_is_fresh(tmp_path: Path) -> None:
    for written in write(tmp_path):
        committed = DOCS / written.relative_to(tmp_path)
        assert committed.read_text("utf-8") == written.read_text("utf-8"), "run python -m eddyline.contract"
    names = {path.stem for path in (DOCS / "schemas").iterdir()}
    written_by_others = {"CatalogueEvent", "CustomerEvent", "SegmentCommand"}
    assert names == set(schemas()) == written_by_others | {update.__name__ for update in get_args(Update)}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])


def test_asyncapi_conforms_to_its_official_schema() -> None:
    official = Draft7Validator(json.loads(OFFICIAL.read_text("utf-8")))
    assert [error.message for error in official.iter_errors(asyncapi())] == []
    broken = asyncapi()
    broken["channels"]["events"]["adress"] = broken["channels"]["events"].pop("address")
    assert not official.is_valid(broken)


def test_asyncapi_describes_every_topic_and_its_references_lead_somewhere() -> None:
    document = asyncapi()
    assert len(document["channels"]) == len(document["operations"]) == len(CHANNELS)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', render(document)):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
        assert found


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: type(update).__name__)
def test_updates_conform_to_their_schemas(update: Update) -> None:
    value = json.loads(to_json(update))
    assert valid(type(update).__name__, value)
    assert not valid(type(update).__name__, {**value, "extra": 1})
    for field in value:
        assert not valid(type(update).__name__, {name: item for name, item in value.items() if name != field})


def test_the_example_event_conforms_and_is_let_in() -> None:
    assert valid("CustomerEvent", EVENT)
    assert isinstance(decode(as_record(EVENT), EventsConfig()), Event)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "page", "userId": "ann"},
        {"type": "page", "userId": 7, "timestamp": 1_772_368_496_789},
        {"type": "identify", "anonymousId": "v1", "userId": None, "traits": {"plan": "gold"}, "more": 1},
        {"type": "page"},
        {"type": "page", "userId": None},
        {"type": "purchase", "userId": "ann"},
        {"type": "track", "userId": "ann"},
        {"type": "track", "userId": "ann", "event": ""},
        {"type": "track", "userId": "ann", "event": " "},
        {"type": "track", "userId": "ann", "event": "x" * 101},
        {"type": "track", "userId": "ann", "event": "a\x00b"},
        {"type": "track", "userId": "ann", "event": 5},
        {"type": "page", "userId": "ann", "event": 5},
        {"type": "page", "userId": "ann", "event": "x" * 101},
        {"type": "page", "userId": "ann", "context": 5},
        {"type": "page", "userId": " "},
        {"type": "page", "userId": "x" * 100},
        {"type": "page", "userId": "x" * 101},
        {"type": "page", "userId": "a\x7fb"},
        {"type": "page", "userId": "ann", "messageId": "m" * 101},
        {"type": "page", "userId": "ann", "messageId": ""},
        {"type": "page", "userId": "ann", "properties": []},
        {"type": "page", "userId": True},
        {"userId": "ann"},
    ],
)
def test_the_event_schema_says_what_decoding_does(fields: dict[str, Any]) -> None:
    outcome = decode(as_record(fields), EventsConfig(require_key=False))
    assert valid("CustomerEvent", fields) == isinstance(outcome, Event)


def test_every_event_shown_in_the_documentation_is_let_in() -> None:
    pages = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    blocks = [block for page in pages for block in re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.S)]
    shown = [value for block in blocks if isinstance(value := json.loads(block), dict)]
    events = [value for value in shown if value.get("type") in get_args(CallType)]
    for event in [*events, *(example["payload"] for example in asyncapi_examples("CustomerEvent"))]:
        name = "CustomerEvent" if "userId" in event or "anonymousId" in event else "CatalogueEvent"
        assert valid(name, event)
        assert isinstance(decode(as_record(event), EventsConfig()), Event)


def test_every_update_shown_in_the_asyncapi_document_conforms() -> None:
    for update in UPDATES:
        name = type(update).__name__
        for example in asyncapi_examples(name):
            required = asyncapi()["components"]["messages"][name]["headers"]["required"]
            assert set(required) <= set(example["headers"])
            assert "payload" not in example or valid(name, example["payload"])


def asyncapi_examples(message: str) -> list[dict[str, Any]]:
    examples: list[dict[str, Any]] = asyncapi()["components"]["messages"][message]["examples"]
    assert examples
    return examples


def as_record(fields: dict[str, Any]) -> Record:
    key = fields.get("userId") or fields.get("anonymousId") or ""
    return Record("events", 0, 0, 1_772_368_500_000, str(key).encode(), json.dumps(fields).encode())
