"""What is measured of a run on real servers: on the topic, by `eddyline metrics`, and in pictures."""

from __future__ import annotations

import io
import json
from contextlib import closing
from itertools import chain

import pytest
from rich.console import Console

from consumers.kafka import KafkaReader
from eddyline.cli import main
from eddyline.cli.metrics import segments_table
from eddyline.connected import create_topics, open_sink
from eddyline.settings import load_settings
from producers.simulator import Shop
from stream.evaluate.measure import measure_targets
from stream.evaluate.tally import Tally
from stream.records import Outgoing, TopicPartition
from stream.updates import MetricsMeasured, to_iso
from tests.eddyline.conftest import refused

DAY = 86_400_000
VISITOR = "c-00001"


def told(number: int, time: int, event: str, properties: dict) -> Outgoing:
    value = {
        "type": "track",
        "messageId": f"shown-{number}",
        "userId": VISITOR,
        "timestamp": to_iso(time),
        "event": event,
        "properties": properties,
    }
    return Outgoing("", VISITOR.encode(), json.dumps(value).encode(), timestamp=time)


def recommended(start: int) -> list[Outgoing]:
    """Two lists of three items; one item is clicked and ordered, one is ordered without a click."""
    products = [{"product_id": f"shown-{n}"} for n in range(3)]
    return [
        told(0, start, "Recommendation Shown", {"recommendation_id": "r0", "products": products}),
        told(1, start + 1, "Product List Viewed", {"recommendation_id": "r1", "products": products}),
        told(2, start + 2, "Product Clicked", {"recommendation_id": "r0", "product_id": "shown-0"}),
        told(3, start + 3, "Order Completed", {"products": products[:2]}),
    ]


@pytest.fixture
def here(deployment, monkeypatch):
    """The deployment's settings, for commands in this process, which is quicker."""
    for name, value in (deployment | {"EDDYLINE_LEARNING__EVERY": "150"}).items():
        monkeypatch.setenv(name, value)
    return load_settings()


def said(capsys, *arguments: str, code: int = 0) -> str:
    """What a command prints: on stdout, or on stderr when it fails."""
    assert main(arguments) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_rows_of_segments_add_up():
    tally = Tally()
    for segment, count in (("s1", 3), ("s2", 5), ("", 2)):
        for number in range(count):
            tally.score("buys", 0.5, number == 0, time=0, segment=segment)
    (told,) = measure_targets(tally, {"buys": 0.5}, DAY, ["s1", "s2", ""])
    screen = Console(file=io.StringIO(), width=120)
    screen.print(segments_table(told, {"s1": "Regulars"}))
    rows = [line.split() for line in screen.file.getvalue().splitlines() if line.strip().startswith(("s", "–"))]
    assert [row[:-4] for row in rows] == [
        ["s1", "Regulars", "3"],
        ["s2", "(ended)", "5"],
        ["–", "in", "no", "segment", "yet", "2"],
    ]


def test_before_an_outcome_is_known_there_is_nothing_to_show(here, deployment, eddyline, tmp_path, capsys):
    create_topics(here, 1)
    refused(eddyline("metrics", **deployment), "nothing has been measured yet")
    with open_sink(here) as sink:
        sink.send(record._replace(topic=here.topics.events) for record in recommended(1_704_067_200_000))
    said(capsys, "run", "--until-end", "--json")
    told = said(capsys, "metrics")
    assert "orders_again: no outcome is known yet" in told
    assert "Items ordered after a click" in told
    (target,) = json.loads(said(capsys, "metrics", "--json"))["targets"]
    assert target["sinceStart"]["examples"] == 0
    assert target["sinceStart"]["auc"] is None
    assert "nothing is known yet" in said(capsys, "evaluate", "plot", "--out", str(tmp_path / "none"), code=2)
    assert not (tmp_path / "none").exists()


def test_a_run_is_measured_on_the_topic_and_by_the_command(here, tmp_path, capsys):
    create_topics(here, 2)
    records = list(Shop(7, customers=100, days=150).events())
    with open_sink(here) as sink:
        sink.send(
            record._replace(topic=here.topics.events)
            for record in chain(records[:1_500], recommended(records[1_500].timestamp), records[1_500:])
        )
    said(capsys, "run", "--until-end", "--json")

    document = json.loads(said(capsys, "metrics", "--json"))
    (target,) = document["targets"]
    assert target["target"] == "orders_again"
    assert target["sinceStart"]["examples"] > 20
    assert 0 < target["sinceStart"]["auc"] < 1
    assert target["fading"]["examples"] < target["sinceStart"]["examples"]
    for field in ("examples", "positives"):  # with those of customers in none, whose key is ""
        assert sum(one[field] for one in target["segments"].values()) == target["sinceStart"][field]
    top = target["deciles"][0]
    assert target["deciles"][-1]["score"] < top["score"] <= 1
    assert f"{top['score']:.1%}" in said(capsys, "metrics")
    lists = document["recommendations"]["sinceStart"]
    assert (lists["lists"], lists["items"], lists["clickedLists"], lists["clickedItems"]) == (2, 6, 1, 1)
    assert (lists["orderedItems"], lists["viewedOrders"], lists["clickThrough"]) == (1, 1, 0.5)

    with closing(KafkaReader(here.kafka)) as reader:
        at = TopicPartition(here.topics.metrics, 0)
        published = [
            MetricsMeasured.model_validate_json(record.value) for record in reader.read(at, *reader.bounds(at))
        ]
    assert [one.model for one in published] == list(range(1, len(published) + 1))
    last = published[-1].targets[0].since_start
    assert 0 < last.examples <= target["sinceStart"]["examples"]
    assert published[-1].recommendations.since_start.ordered_items == 1

    segment = next(iter(target["segments"]))
    assert list(json.loads(said(capsys, "metrics", "--segment", segment, "--json"))["targets"][0]["segments"]) == [
        segment
    ]
    table = said(capsys, "metrics", "--segment", segment)
    assert f"{target['sinceStart']['auc']:.4f}" in table
    assert "Click-through, lists" in table
    assert "orders_again" in said(capsys, "metrics", "--target", "nothing", code=2)
    assert segment in said(capsys, "metrics", "--segment", "s99", code=2)

    drawn = json.loads(said(capsys, "evaluate", "plot", "--out", str(tmp_path / "pictures"), "--json"))["written"]
    assert len(drawn) == len(list((tmp_path / "pictures").iterdir())) == 6
    assert "orders_again" in said(capsys, "evaluate", "plot", "--target", "nothing", code=2)
