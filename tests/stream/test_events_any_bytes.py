"""Decoding never raises, whatever the bytes, and agrees with the published model on types."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.entries import Event, Rejected
from stream.events import CustomerEvent, decode
from tests.stream.conftest import CONFIG, record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "group", "nonsense"])},
    optional={
        name: JSON | st.sampled_from(["ann", "2026-03-01T12:34:56.789Z", "2026-W09-7T12:34:56.78Z", 1e11, -1])
        for name in ("messageId", "userId", "anonymousId", "timestamp", "event", "properties", "traits")
    },
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_decoding_never_raises(value: bytes) -> None:
    assert isinstance(decode(record(value), CONFIG), Event | Rejected)


@given(NEARLY)
def test_the_model_and_the_decoder_agree_on_types(fields: dict[str, Any]) -> None:
    """What `CustomerEvent` cannot read is refused, and what is refused for its types it cannot read."""
    value = json.dumps(fields).encode()
    outcome = decode(record(value), CONFIG)
    try:
        CustomerEvent.model_validate_json(value)
    except ValidationError:
        assert isinstance(outcome, Rejected) or str(fields.get("timestamp", "")).endswith("Z")
    else:
        assert not (isinstance(outcome, Rejected) and outcome.code in ("invalid", "not_json", "not_object"))
