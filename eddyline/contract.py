"""The contract in writing: JSON Schemas and an AsyncAPI document, made from the models that the code itself uses.

`python -m eddyline.contract` writes them to `docs/`; a test fails when they are stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from eddyline.examples import COMMAND, EVENT, ITEM, UPDATES
from producers.encode import encode
from producers.topics import CHANNELS, OPTIONAL, Channel, Topics
from stream.commands import SegmentCommand
from stream.events import CustomerEvent
from stream.items import CatalogueEvent
from stream.updates import EventRejected, to_json

VERSION = "1.0.0"
"""Version of the contract, by semantic versioning; not that of the package."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_RECEIVED = (CustomerEvent, CatalogueEvent, SegmentCommand)
_MODELS = (*(channel.payload for channel in CHANNELS if channel.payload is not None), CatalogueEvent)


_CATALOGUE: dict[str, Any] = {
    "name": CatalogueEvent.__name__,
    "title": "Items of the catalogue",
    "summary": "An item of the catalogue has changed: a record without a key, one in each partition.",
    "payload": {"$ref": f"#/components/schemas/{CatalogueEvent.__name__}"},
    "examples": [{"payload": ITEM}],
}
"""What the events topic carries beside customers' events."""


class _Untitled(GenerateJsonSchema):
    """Without titles that only repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _mode(model: type[BaseModel]) -> JsonSchemaMode:
    # What others write is described as it may be written, updates as they are always written.
    return "validation" if model in _RECEIVED else "serialization"


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas (draft 2020-12) of the event and of every update, by name.

    >>> sorted(schemas())[:2]
    ['CatalogueEvent', 'CustomerEvent']
    """
    return {
        model.__name__: {"$schema": _DRAFT, **model.model_json_schema(mode=_mode(model), schema_generator=_Untitled)}
        for model in _MODELS
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0.0 document: every topic with its key, headers, schema, and an example.

    >>> asyncapi()["channels"]["segment-changes"]["address"]
    'segment-changes'
    """
    topics = Topics()
    _, definitions = models_json_schema(
        [(model, _mode(model)) for model in _MODELS if model is not EventRejected],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Untitled,
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Eddyline",
            "version": VERSION,
            "description": "Customers' segments, scores and recommendations while they act. Topic names are the "
            "defaults. Delivery is exactly once for read-committed readers, in order for a key.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {getattr(topics, channel.field): _channel(channel, topics) for channel in CHANNELS},
        "operations": {
            channel.field: {
                "action": "receive" if channel.payload in _RECEIVED else "send",
                "channel": {"$ref": f"#/channels/{getattr(topics, channel.field)}"},
                "summary": channel.title,
            }
            for channel in CHANNELS
        },
        "components": {
            "messages": {
                **{_message_name(channel): _message(channel) for channel in CHANNELS},
                CatalogueEvent.__name__: _CATALOGUE,
            },
            "schemas": definitions["$defs"],
        },
    }


def write(docs: Path) -> list[Path]:
    """Write `schemas/*.json` and `asyncapi.json` under `docs`; returns what was written."""
    folder = docs / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    documents = {folder / f"{name}.json": schema for name, schema in schemas().items()}
    documents[docs / "asyncapi.json"] = asyncapi()
    for path, document in documents.items():
        path.write_text(render(document), encoding="utf-8")
    return list(documents)


def render(document: dict[str, Any]) -> str:
    """A document as it is written to a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _message_name(channel: Channel) -> str:
    return channel.payload.__name__ if channel.payload else channel.title.removesuffix("s")


def _channel(channel: Channel, topics: Topics) -> dict[str, Any]:
    kafka: dict[str, Any] = {"bindingVersion": "0.5.0"}
    if channel.partitions:
        kafka["partitions"] = channel.partitions
    policy, retention = channel.settings.get("cleanup.policy"), channel.settings.get("retention.ms")
    if policy:
        kafka["topicConfiguration"] = {"cleanup.policy": [policy]}
    if retention:
        kafka["topicConfiguration"] = {"retention.ms": int(retention)}
    names = [_message_name(channel), *([CatalogueEvent.__name__] if channel.payload is CustomerEvent else [])]
    return {
        "address": getattr(topics, channel.field),
        "title": channel.title,
        "description": channel.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": kafka},
    }


def _message(channel: Channel) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": _message_name(channel),
        "title": channel.title,
        "summary": channel.description,
        "bindings": {"kafka": {"key": {"type": "string", "description": channel.key}, "bindingVersion": "0.5.0"}},
    }
    if channel.headers:
        message["headers"] = {
            "type": "object",
            "properties": {name: {"type": "string", "description": text} for name, text in channel.headers.items()},
            "required": [name for name in channel.headers if name not in OPTIONAL],
        }
    if channel.payload is None:
        message["contentType"] = "application/octet-stream"
    elif channel.payload is EventRejected:
        message["contentType"] = "application/octet-stream"
        message["payload"] = {
            "description": "The original bytes, whatever they are (at most 896 KiB of them); absent for a tombstone"
        }
    else:
        message["payload"] = {"$ref": f"#/components/schemas/{channel.payload.__name__}"}
    examples = _examples(channel)
    if examples:
        message["examples"] = examples
    return message


def _examples(channel: Channel) -> list[dict[str, Any]]:
    if channel.payload in _RECEIVED:
        return [{"payload": EVENT if channel.payload is CustomerEvent else COMMAND}]
    return [
        {
            "headers": {name: value.decode() for name, value in encode(update, Topics()).headers},
            **({} if isinstance(update, EventRejected) else {"payload": json.loads(to_json(update))}),
        }
        for update in UPDATES
        if type(update) is channel.payload
    ]


if __name__ == "__main__":
    for written in write(Path("docs")):
        print(written)
