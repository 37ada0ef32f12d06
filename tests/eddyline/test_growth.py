"""`eddyline topics migrate` on a real Kafka and a real Redis."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def test_a_grown_topic_is_migrated_and_read_on(said):
    said("topics", "create", "--partitions", "2")
    said("simulate", "--customers", "40", "--days", "30")
    said("run", "--until-end")
    customers = [json.loads(said("customer", f"c-0000{number}", "--json")) for number in range(1, 9)]
    assert "2 partitions" in said("topics", "migrate", "--partitions", "1", code=2)
    planned = json.loads(said("topics", "migrate", "--partitions", "4", "--dry-run", "--json"))
    assert (planned["before"], planned["now"], planned["dry"]) == (2, 4, True)
    assert {(move["from"], move["to"]) for move in planned["moves"]} == {(0, 2), (1, 3)}
    done = json.loads(said("topics", "migrate", "--partitions", "4", "--settle", "0s", "--json"))
    assert done["moves"] == planned["moves"]
    assert "nothing is left to do" in said("topics", "migrate")
    after = [json.loads(said("customer", one["customer"], "--json")) for one in customers]
    assert {one["partition"] for one in after} & {2, 3}
    for one, other in zip(customers, after, strict=True):
        assert {**one, "partition": 0} == {**other, "partition": 0}
    said("simulate", "--customers", "40", "--days", "10", "--start", "2026-03-01")
    said("run", "--until-end")
    assert json.loads(said("topics", "create", "--partitions", "4", "--json"))[0]["partitions"] == 4
