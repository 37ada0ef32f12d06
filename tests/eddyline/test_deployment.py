"""Commands on a real Kafka and a real Redis: topics made, events in, segments, scores and lists out."""

from __future__ import annotations

import json

import pytest

from eddyline.cli import main
from eddyline.connected import open_sink
from eddyline.settings import load_settings
from stream.records import Outgoing
from tests.eddyline.conftest import refused

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def test_topics_are_created_once_and_listed(eddyline, deployment):
    created = json.loads(eddyline("topics", "create", "--partitions", "3", "--json", **deployment).stdout)
    assert {topic["state"] for topic in created} == {"created"}
    assert {topic["topic"].partition(".")[2]: topic["partitions"] for topic in created} == {
        "events": 3,
        "segment-changes": 3,
        "propensity-scores": 3,
        "recommendations": 3,
        "recommendation-replies": 3,
        "segments": 1,
        "metrics": 1,
        "commands": 1,
        "models": 1,
        "journal": 3,
        "dead-letters": 3,
    }
    again = eddyline("topics", "create", "--partitions", "3", **deployment)
    assert again.returncode == 0
    assert "exists" in again.stdout
    refused(eddyline("topics", "create", "--partitions", "4", **deployment), "events", "3 partitions, not 4")
    listed = json.loads(eddyline("topics", "list", "--json", **deployment).stdout)
    assert {topic["state"] for topic in listed} == {"exists"}


def test_a_customer_among_customers_who_are_all_alike(deployment, monkeypatch, capsys):
    """One segment: there is no runner-up to measure against, the tree is one leaf, and there is nothing to suggest."""
    few = {"EDDYLINE_LEARNING__EVERY": "20", "EDDYLINE_SEGMENTS__WARM_UP": "20"}
    few["EDDYLINE_SEGMENTS__ALGORITHM"] = "hierarchical"
    for name, value in (deployment | few).items():
        monkeypatch.setenv(name, value)
    assert main(["topics", "create", "--partitions", "1"]) == 0
    event = '{"type": "track", "userId": "u%d", "event": "Product Viewed", "properties": {"product_id": "p"}}'
    settings = load_settings()
    with open_sink(settings) as sink:
        records = [(b"u%d" % n, (event % n).encode()) for n in range(20)]
        sink.send([Outgoing(settings.topics.events, key, value, timestamp=1_700_000_000_000) for key, value in records])
        sink.flush()
    assert main(["run", "--until-end"]) == 0
    capsys.readouterr()
    assert main(["customer", "u1", "--json"]) == 0
    segment = json.loads(capsys.readouterr().out)["segment"]
    assert segment["id"] == "s1"
    assert segment["runner_up"] is None
    assert main(["customer", "u1"]) == 0
    capsys.readouterr()
    assert main(["segments", "tree", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "Average",
        "segments": ["s1"],
        "size": 20,
        "height": 0.0,
        "parts": [],
    }
    assert main(["segments", "tree"]) == 0
    assert "100.0%  Average (s1), 20 customers" in capsys.readouterr().out
    assert main(["segments", "tree", "--k", "2"]) == 2
    assert "between 1 and 1" in capsys.readouterr().err
    assert main(["segments", "suggest"]) == 2
    assert "the sample holds 20 customers, and 100 are needed" in capsys.readouterr().err


def looked_into(changes, revision, pictures, deployment, monkeypatch, capsys):
    """What there is to know of the segments of 150 customers; in this process, which is quicker."""
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)

    def said(*arguments: str, code: int = 0) -> str:
        assert main(["segments", *arguments]) == code
        out, err = capsys.readouterr()
        return err if code else out

    ids = {card["id"] for card in revision["segments"]}
    cards = json.loads(said("card", "--json"))["segments"]
    assert {card["id"] for card in cards} == ids
    assert sum(card["size"] for card in cards) == 150
    assert all(card["differences"] and len(card["typical"]) == 3 for card in cards)
    assert any(card["items"] for card in cards)
    assert cards[0]["typical"][0]["customer"] in said("card", cards[0]["id"])
    assert cards[0]["id"] in said("card", "s99", code=2)

    rules = json.loads(said("rules", "--json"))
    assert sum(rule["customers"] for rule in rules["rules"]) == rules["customers"] == 150
    assert 0 < rules["fidelity"] <= 1
    assert f"Fidelity {rules['fidelity']:.1%}" in said("rules")

    flows = json.loads(said("flows", "--json"))
    assert flows["moves"] + flows["assigned"] == changes
    assert flows["assigned"] == 150  # every customer was assigned once
    assert sum(flows["causes"].values()) == flows["moves"]
    nothing = json.loads(said("flows", "--until", "2023-12-31", "--json"))
    assert (nothing["moves"], nothing["assigned"], nothing["flap_rate"]) == (0, 0, None)
    assert "Flap rate" in said("flows", "--since", "2024-01-01")

    found = json.loads(said("suggest", "--most", "3", "--json"))
    assert found["customers"] == 150
    assert found["best"] in found["candidates"]
    told = said("suggest", "--most", "3")
    assert "<- recommended" in told
    assert found["why"] in told
    assert "hierarchical" in said("tree", code=2)

    steps = json.loads(said("steps", "--json"))
    assert [one["step"] for one in steps["steps"]] == ["clean", "impute", "log1p", "winsorise", "min_max"]
    assert all(one["columns"].keys() == steps["units"].keys() for one in steps["steps"])
    assert "winsorise" in said("steps")

    drawn = json.loads(said("plot", "--out", str(pictures), "--json"))
    assert len(drawn["written"]) == len(list(pictures.iterdir())) == 6


def test_events_in_segments_scores_and_lists_out(eddyline, deployment, tmp_path, monkeypatch, capsys):
    assert eddyline("topics", "create", "--partitions", "2", **deployment).returncode == 0
    refused(eddyline("segments", **deployment), "no segments yet")
    sent = eddyline("simulate", "--customers", "150", "--days", "60", "--start", "2024-01-01", "--json", **deployment)
    events = json.loads(sent.stdout)["events"]
    assert events > 1_000

    done = eddyline("run", "--until-end", "--json", **deployment)
    assert done.returncode == 0, done.stderr
    totals = json.loads(done.stdout)
    assert totals["records"] == events
    assert min(totals[name] for name in ("SegmentChanged", "EventRejected", "ItemsRecommended")) > 0

    revision = json.loads(eddyline("segments", "--json", **deployment).stdout)
    assert len(revision["segments"]) == 5
    assert sum(card["share"] for card in revision["segments"]) == pytest.approx(1, abs=1e-4)
    table = eddyline("segments", **deployment).stdout
    assert all(card["name"].split(",")[0] in table for card in revision["segments"])

    looked_into(totals["SegmentChanged"], revision, tmp_path / "pictures", deployment, monkeypatch, capsys)

    shown = json.loads(eddyline("customer", "c-00001", "--json", **deployment).stdout)
    assert shown["customer"] == "c-00001"
    assert shown["features"]["tenure"] is not None
    assert shown["segment"]["id"] in {card["id"] for card in revision["segments"]}
    assert shown["segment"]["features"]
    assert shown["changes"][0]["to"]["id"] == shown["segment"]["id"]
    text = eddyline("customer", "c-00001", **deployment).stdout
    assert shown["segment"]["name"] in text
    assert "Profile" in text
    refused(eddyline("customer", "nobody", **deployment), "nobody")

    refused(eddyline("segments", "name", "s99", "Nobody", **deployment), "no segment 's99'")
    first, second, *_ = (card["id"] for card in revision["segments"])
    asked = eddyline("segments", "name", first, "Regulars", **deployment)
    assert asked.returncode == 0, asked.stderr
    assert eddyline("segments", "merge", second, first, "--json", **deployment).returncode == 0
    again = json.loads(eddyline("run", "--until-end", "--json", **deployment).stdout)
    assert again["records"] == 0
    told = json.loads(eddyline("segments", "history", "--json", **deployment).stdout)
    lives = {life["id"]: life for life in told["segments"]}
    assert lives[first]["names"][-1]["name"] == "Regulars"
    assert second in [one["segment"] for one in lives[first]["absorbed"]]
    assert told["revisions"][-1]["why"].startswith(
        f"An operator asked: {first} is named 'Regulars'; {second} is merged"
    )
    assert "Regulars" in eddyline("segments", "history", **deployment).stdout


def test_a_table_is_loaded_into_the_topic(eddyline, deployment, tmp_path):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    table, mapping = tmp_path / "orders.csv", tmp_path / "mapping.toml"
    rows = [f"c{number % 3},2024-01-{number + 1:02d}T10:00:00Z,item-{number % 4}" for number in range(20)]
    table.write_text("\n".join(["who,when,item", *rows, ",2024-02-01T10:00:00Z,item-0"]))
    mapping.write_text('customer = "who"\ntimestamp = "when"\nevent = {constant = "Order Completed"}\n')
    with mapping.open("a") as file:
        file.write('properties = {product_id = "item"}\n')
    command = ("load", "csv", str(table), "--map", str(mapping), "--json")
    loaded = json.loads(eddyline(*command, **deployment).stdout)
    assert (loaded["events"], loaded["rows"], loaded["dropped"]) == (20, 21, {"no customer": 1})
    assert json.loads(eddyline(*command, **deployment).stdout)["events"] == 20  # once more: nothing but duplicates
    totals = json.loads(eddyline("run", "--until-end", "--json", **deployment).stdout)
    assert totals["records"] == 40
    shown = json.loads(eddyline("customer", "c1", "--json", **deployment).stdout)
    assert shown["features"]["frequency"] == 7
    assert shown["segment"] is None
    assert shown["bought"][0] == "item-3"


def test_events_are_kept_for_as_long_as_the_settings_say(eddyline, deployment):
    from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

    eddyline("topics", "create", "--partitions", "1", EDDYLINE_EVENTS__RETENTION="100d", **deployment)
    name = f"{deployment['EDDYLINE_TOPICS__PREFIX']}events"
    admin = KafkaAdminClient(bootstrap_servers=deployment["EDDYLINE_KAFKA__BOOTSTRAP_SERVERS"])
    try:
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    finally:
        admin.close()
    assert found["topic"][name]["retention.ms"]["value"] == str(100 * 86_400_000)
