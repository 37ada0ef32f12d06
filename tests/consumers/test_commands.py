"""Operators' commands: followed by a running worker, and seen by whoever replays."""

from __future__ import annotations

import json
from typing import Any

from stream.engine import Engine
from stream.model import Model
from stream.updates import SegmentsRevised
from tests.consumers.world import World, shop


def ask(world: World, *commands: dict[str, Any]) -> None:
    values = [json.dumps(command).encode() for command in commands]
    world.command(*values)


def model(world: World) -> Model:
    packed = world.store.shared("model")
    assert packed is not None
    return Model.unpack(packed)


def newest(world: World) -> SegmentsRevised:
    return SegmentsRevised.model_validate_json(world.read("segments")[-1].value or b"")


def learnt(world: World) -> list[str]:
    """Load a shop, learn its segments; their ids."""
    world.load(shop())
    world.run()
    segments = model(world).segments
    assert segments is not None
    return list(segments.ids)


def test_a_command_takes_effect_without_new_events(world: World) -> None:
    first, *_ = learnt(world)
    before = model(world)
    ask(world, {"action": "name", "segment": first, "name": "Regulars"})
    world.run()
    after = model(world)
    assert after.version == before.version + 1
    assert after.segments is not None
    assert after.segments.name(first) == "Regulars"
    assert newest(world).why == f"An operator asked: {first} is named 'Regulars'."
    world.run()
    assert model(world).version == after.version, "once followed, a command is over"


def test_customers_of_a_merged_segment_are_told_and_those_of_a_retired_one_too(world: World) -> None:
    first, second, third, *_ = learnt(world)
    ask(world, {"action": "merge", "segment": second, "into": first})
    worker = world.worker()
    worker.drain()
    (engine,) = worker.engines.values()
    assert second not in {profile.segment for profile in engine.customers}
    card = next(card for card in newest(world).segments if card.id == first)
    assert (card.lineage, card.parents) == ("merged", (first, second))
    ask(world, {"action": "retire", "segment": third})
    worker.drain()
    worker.close()
    assert {profile.segment for profile in engine.customers}.isdisjoint({second, third})
    moves = [json.loads(record.value or b"") for record in world.read("segment_changes")]
    told = {move["from"]["id"] for move in moves if move["from"] and move["cause"]["kind"] == "model"}
    assert {second, third} <= told


def test_what_was_asked_outlives_learning(world: World) -> None:
    first, second, *_ = learnt(world)
    ask(
        world,
        {"action": "name", "segment": first, "name": "Regulars"},
        {"action": "merge", "segment": second, "into": first},
    )
    world.run()
    version = model(world).version
    world.load(shop(800)[400:])
    world.run()
    after = model(world)
    assert after.version > version
    assert after.segments is not None
    assert after.segments.name(first) == "Regulars"
    assert second not in after.segments.ids


def test_another_number_of_segments_is_learnt(world: World) -> None:
    before = learnt(world)
    ask(world, {"action": "k", "k": len(before) + 2})
    world.load(shop(800)[400:])
    world.run()
    segments = model(world).segments
    assert segments is not None
    assert len(segments.ids) == len(before) + 2


def test_what_is_no_command_is_left_out(world: World, caplog: Any) -> None:
    first, *_ = learnt(world)
    world.command(b"{", b'{"action":"dance"}', None)
    ask(world, {"action": "name", "segment": first, "name": "Regulars"})
    world.run()
    segments = model(world).segments
    assert segments is not None
    assert segments.name(first) == "Regulars"
    assert caplog.text.count("is left out") == 3


def test_a_wiped_store_is_rebuilt_with_the_commands_in_their_place(world: World) -> None:
    first, second, *_ = learnt(world)
    ask(world, {"action": "merge", "segment": second, "into": first})
    world.load(shop(800)[400:])
    hashes = world.run()
    world.store.wipe(0)
    assert world.run() == hashes


def test_an_engine_that_is_loaded_again_knows_what_was_asked(here: World) -> None:
    first, *_ = learnt(here)
    ask(here, {"action": "name", "segment": first, "name": "Regulars"})
    hashes = here.run()
    saved = here.store.load(0)
    engine = Engine(here.config, saved)
    assert engine.state_hash() == hashes[0]
    assert engine.model.wishes.names == {first: "Regulars"}
