"""Offsets of the group that do not fit the store: refused, unless an operator has set them to fit."""

from __future__ import annotations

import pytest

from stream.errors import Mismatch
from stream.records import TopicPartition
from tests.consumers.conftest import agree
from tests.consumers.world import RECORDS, restore, snapshot


def test_offset_that_was_tampered_with_is_refused(world):
    world.load(RECORDS[:200])
    world.run()
    delta, outbox = snapshot(world.store)
    delta.watermark += 10
    restore(world.store, (delta, outbox))
    worker = world.worker()
    with pytest.raises(Mismatch, match="offset 210"):
        worker.drain()
    worker.close()


def test_offset_that_was_set_by_hand_has_no_note(here):
    """A group whose offsets expired is set back to the store's position by an operator; the journal tells the rest."""
    here.load(RECORDS[:200])
    here.run()
    watermark, _ = here.store.position(0)
    here.group = here.log.name("group")
    with pytest.raises(Mismatch, match=f"Set the group's offset to {watermark}"):
        here.run()
    source, sink, at = here.log.source(here.group), here.log.transactional(), TopicPartition(here.topics.events, 0)
    source.subscribe(here.topics.events, lambda partitions: None, lambda partitions: None)
    source.poll(1, 0)
    sink.begin()
    sink.send_offsets({at: watermark}, source.group_metadata())
    sink.commit()
    source.close()
    here.load(RECORDS[200:])
    agree(here, here.run())
