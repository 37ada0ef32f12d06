"""Commands on a real Kafka and a real Redis, and what is said when something is not as it should be."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid

import pytest

from eddyline.cli import main
from eddyline.connected import open_sink
from eddyline.settings import load_settings
from eddyline.testing.servers import free_port
from stream.records import Outgoing

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

SECRET = "hunter2"
SMALL = {
    "EDDYLINE_LEARNING__EVERY": "500",
    "EDDYLINE_SEGMENTS__WARM_UP": "60",
    "EDDYLINE_PROPENSITY__MIN_EXAMPLES": "20",
    "EDDYLINE_WORKER__POLL": "50ms",
}


@pytest.fixture
def deployment(kafka, redis_url) -> dict[str, str]:
    """Variables of a deployment of its own on the shared servers."""
    name = f"t{uuid.uuid4().hex[:10]}"
    return SMALL | {
        "EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "EDDYLINE_KAFKA__SESSION_TIMEOUT": "6s",
        "EDDYLINE_REDIS__URL": redis_url,
        "EDDYLINE_REDIS__PREFIX": name,
        "EDDYLINE_TOPICS__PREFIX": f"{name}.",
        "EDDYLINE_GROUP": name,
        "EDDYLINE_DEPLOYMENT": name,
    }


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """One sentence, code 2, no traceback, no secret."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
    for words in said:
        assert words in lines[0]


def test_topics_are_created_once_and_listed(eddyline, deployment):
    created = json.loads(eddyline("topics", "create", "--partitions", "3", "--json", **deployment).stdout)
    assert {topic["state"] for topic in created} == {"created"}
    assert {topic["topic"].partition(".")[2]: topic["partitions"] for topic in created} == {
        "events": 3,
        "segment-changes": 3,
        "propensity-scores": 3,
        "recommendations": 3,
        "segments": 1,
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


def test_missing_topics_are_named(eddyline, deployment):
    listed = json.loads(eddyline("topics", "list", "--json", **deployment).stdout)
    assert {topic["state"] for topic in listed} == {"missing"}
    events = f"{deployment['EDDYLINE_TOPICS__PREFIX']}events"
    refused(eddyline("run", **deployment), events, "eddyline topics create")
    refused(eddyline("simulate", "--events", "5", **deployment), events, "eddyline topics create")


def test_an_unreachable_kafka_is_said(eddyline, deployment):
    nobody = {"EDDYLINE_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}", "EDDYLINE_KAFKA__TIMEOUT": "2s"}
    login = {"EDDYLINE_KAFKA__USERNAME": "eddyline", "EDDYLINE_KAFKA__PASSWORD": SECRET}
    for command in (["topics", "list"], ["run"], ["simulate", "--events", "5"], ["customer", "ann"]):
        refused(eddyline(*command, **deployment | nobody | login), "Kafka at 127.0.0.1", "kafka.bootstrap_servers")


def test_an_unreachable_redis_is_said_without_its_password(eddyline, deployment):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    nobody = {
        "EDDYLINE_REDIS__URL": f"redis://ann:{SECRET}@127.0.0.1:{free_port()}/0",
        "EDDYLINE_WORKER__PATIENCE": "1s",
    }
    refused(eddyline("segments", **deployment | nobody), "Redis at 127.0.0.1")
    refused(eddyline("run", **deployment | nobody), "Redis at 127.0.0.1")
    traced = eddyline("segments", "--debug", **deployment | nobody)
    assert "Traceback" in traced.stderr
    assert SECRET not in traced.stderr


def test_other_partitions_than_recorded_are_refused(eddyline, deployment):
    from kafka import KafkaAdminClient

    eddyline("topics", "create", "--partitions", "2", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    admin = KafkaAdminClient(bootstrap_servers=deployment["EDDYLINE_KAFKA__BOOTSTRAP_SERVERS"])
    prefix = deployment["EDDYLINE_TOPICS__PREFIX"]
    admin.create_partitions({f"{prefix}events": 3})
    refused(eddyline("run", "--until-end", **deployment), "journal", "2 partitions", "3")
    admin.create_partitions({f"{prefix}journal": 3})
    admin.close()
    refused(eddyline("run", "--until-end", **deployment), "2", "3")


def test_the_redis_of_another_deployment_is_refused(eddyline, deployment):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    refused(eddyline("run", "--until-end", **deployment | {"EDDYLINE_DEPLOYMENT": "staging"}), "staging")


def test_other_features_than_recorded_are_refused(eddyline, deployment, tmp_path):
    eddyline("topics", "create", "--partitions", "1", **deployment)
    assert eddyline("run", "--until-end", **deployment).returncode == 0
    config = tmp_path / "other.toml"
    config.write_text('[[features]]\nname = "orders"\naggregate = "count"\nevents = ["Order Completed"]\n')
    refused(eddyline("run", "--config", str(config), **deployment), "features")


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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_a_worker_after_its_batch(eddyline, environment, deployment, number, code):
    eddyline("topics", "create", "--partitions", "2", **deployment)
    events = json.loads(eddyline("simulate", "--customers", "150", "--days", "60", "--json", **deployment).stdout)[
        "events"
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "eddyline", "run", "--json", "--json-logs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | deployment | {"EDDYLINE_WORKER__BATCH": "100"},
    )
    _until_committed(deployment)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    logs = [line for line in err.splitlines() if line != "Stopped."]
    assert all(json.loads(line)["message"] for line in logs)
    assert "Traceback" not in err
    assert "c-0" not in err  # no customer's id or properties in a log

    rest = json.loads(eddyline("run", "--until-end", "--json", **deployment).stdout)
    if code == 0:  # what the first has done, and what was left, is everything, once
        assert json.loads(out)["records"] + rest["records"] == events


def _until_committed(deployment: dict[str, str]) -> None:
    """Wait until the worker has stored something."""
    import redis

    events = f"{deployment['EDDYLINE_TOPICS__PREFIX']}events"
    keys = [f"{deployment['EDDYLINE_REDIS__PREFIX']}:{{{events}:{partition}}}:watermark" for partition in (0, 1)]
    deadline = time.monotonic() + 60
    with redis.Redis.from_url(deployment["EDDYLINE_REDIS__URL"]) as client:
        while not any(client.exists(key) for key in keys):
            assert time.monotonic() < deadline, "nothing was committed within a minute"
            time.sleep(0.02)


def test_no_output_of_any_command_holds_a_secret(eddyline, deployment):
    secret = {"EDDYLINE_KAFKA__USERNAME": "eddyline", "EDDYLINE_KAFKA__PASSWORD": SECRET}
    secret["EDDYLINE_REDIS__URL"] = deployment["EDDYLINE_REDIS__URL"].replace("://", f"://default:{SECRET}@")
    eddyline("topics", "create", "--partitions", "1", **deployment | secret)
    commands = (
        ["topics", "list"],
        ["run", "--until-end", "--log-level", "debug"],
        ["segments", "--debug"],
        ["customer", "ann", "--debug"],
        ["simulate", "--events", "5"],
    )
    for command in commands:
        done = eddyline(*command, **deployment | secret)
        assert SECRET not in done.stdout + done.stderr
