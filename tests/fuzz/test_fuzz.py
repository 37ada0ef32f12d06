"""A slice of the fuzz (`make fuzz` runs a million), and that it would find what is wrong."""

from __future__ import annotations

import pytest

import stream.products
import tests.fuzz.properties
from stream.events import decode
from tests.fuzz.growth import FAMILIES
from tests.fuzz.mutate import Mutator
from tests.fuzz.properties import CODES, Broken, Fuzz


def test_a_slice() -> None:
    fuzz = Fuzz(seed=1)
    fuzz.run(4_000)
    rare = {"empty", "tombstone"}
    assert CODES - rare <= fuzz.outcomes.keys()
    assert {"event", "SegmentChanged", "PropensityScored", "ItemsRecommended", "EventRejected"} <= fuzz.outcomes.keys()
    assert fuzz.outcomes["event"] > 1_000


def test_the_same_seed_gives_the_same_records() -> None:
    one, other, another = Mutator(3).records(), Mutator(3).records(), Mutator(4).records()
    first = [next(one) for _ in range(200)]
    assert first == [next(other) for _ in range(200)]
    assert first != [next(another) for _ in range(200)]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_about_as_large_as_it_is_asked_to_be(name: str) -> None:
    assert 0.4 * 10_000 < len(FAMILIES[name](10_000)) < 1.5 * 10_000


def test_it_finds_a_decoder_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(record, config):  # type: ignore[no-untyped-def]
        return decode(record, config) if b"Spain" not in (record.value or b"") else record.missing

    monkeypatch.setattr(tests.fuzz.properties, "decode", careless)
    with pytest.raises(Broken, match="decode raises AttributeError"):
        Fuzz(seed=1).run(2_000)


def test_it_finds_an_event_beyond_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(record, config):  # type: ignore[no-untyped-def]
        return decode(record, config.model_copy(update={"max_id_length": 10_000}))

    monkeypatch.setattr(tests.fuzz.properties, "decode", careless)
    with pytest.raises(Broken, match="no longer than allowed"):
        Fuzz(seed=1).run(4_000)


def test_it_finds_a_number_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if amounts were taken as they come."""
    monkeypatch.setattr(
        stream.products, "clean_number", lambda value: float(value) if type(value) in (int, float) else None
    )
    with pytest.raises(Broken, match="the fold does not take Event"):
        Fuzz(seed=1).run(5_000)
