"""The catalogue on its way into every partition, on real servers and in this process."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from consumers.kafka import KafkaReader
from eddyline.embedded import Embedded
from eddyline.settings import load_settings
from producers.items import item_event
from stream.config import preset
from stream.records import TopicPartition
from stream.store.memory import MemoryStore


@pytest.mark.kafka
def test_a_file_of_items_is_told_to_each_partition(said, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("product_id,name,stock\n7,Tea,3\n8,Cup,many\n9,Pot,0\n")
    said("topics", "create", "--partitions", "3")
    done = json.loads(said("items", "load", file, "--json"))
    assert (done["items"], done["partitions"], done["events"]) == (2, 3, 6)
    assert done["dropped"].keys() == {"stock: Input should be a valid number, unable to parse string as a number"}
    settings = load_settings()
    with closing(KafkaReader(settings.kafka)) as reader:
        for partition in range(3):
            at = TopicPartition(settings.topics.events, partition)
            records = list(reader.read(at, *reader.bounds(at)))
            assert [json.loads(one.value)["properties"]["product_id"] for one in records] == ["7", "9"]
            assert {one.key for one in records} == {None}


def test_a_file_without_ids_is_refused(said, tmp_path):
    file = tmp_path / "items.csv"
    file.write_text("id,name\n7,Tea\n")
    assert "product_id" in said("items", "load", file, code=2)


def test_in_one_process_each_partition_is_told_too():
    product = Embedded(preset("shop"), MemoryStore(), partitions=3)
    product.process([item_event({"product_id": "tea", "hidden": True}, 1_700_000_000_000, "i-1")])
    assert product.events == 3
    for engine in product.engines:
        counts = engine.recommender.lists.counts
        assert counts.attributes.item(counts.catalogue.number("tea")).hidden
