"""An owner that has lost its partition writes nothing; one whose transaction was aborted recovers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consumers.probe import COMMIT
from stream.errors import Aborted, Fenced
from tests.consumers.conftest import agree
from tests.consumers.world import RECORDS, snapshot


def test_zombie_writes_nothing(world):
    """A second owner has raised the epoch; the first neither stores nor publishes."""
    world.load(RECORDS)
    zombie = world.worker()
    while not zombie.run_once():
        pass
    kept, outputs = snapshot(world.store), world.outputs()
    world.store.acquire(0)
    with pytest.raises(Fenced):
        zombie.drain()
    assert snapshot(world.store) == kept
    assert world.outputs() == outputs
    zombie.close()
    agree(world, world.run())


def test_zombie_that_has_stored_publishes_nothing(world):
    """Its partition went to another while it stood between store and log."""
    world.load(RECORDS)
    successor = world.worker(id=world.log.name("id"))

    def pause(point: str) -> None:
        if point == "stored" and not successor.engines:
            world.bury(zombie)  # the group takes it for dead
            successor.drain()

    zombie = world.worker(pause)
    while not successor.engines:
        zombie.run_once()
    agree(world, {0: successor.engines[0].state_hash()})


def test_a_partition_that_changed_while_it_was_read_is_not_refused(world):
    """State and outbox that do not belong together are no damage where a later owner has written between the reads."""
    world.load(RECORDS)
    world.killed("stored", 2)
    successor = world.worker(id=world.log.name("id"))

    def pause(point: str) -> None:
        if point == "loaded" and not successor.engines:
            world.bury(zombie)
            successor.drain()

    zombie = world.worker(pause)
    while not successor.engines:
        zombie.run_once()
    agree(world, {0: successor.engines[0].state_hash()})


def lose(point: str) -> Callable[[str], None]:
    """A probe at which membership or transaction are lost, once."""
    lost = iter([Aborted("the group has moved on")])

    def probe(reached: str) -> None:
        if reached == point and (error := next(lost, None)) is not None:
            raise error

    return probe


@pytest.mark.parametrize("point", COMMIT)
def test_aborted_at_any_point(here, point):
    """The same worker recovers and goes on."""
    here.load(RECORDS)
    agree(here, here.run(lose(point)))


def test_aborted_inside_the_transaction(world):
    world.load(RECORDS)
    agree(world, world.run(lose("offsets")))
