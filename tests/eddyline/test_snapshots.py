"""`eddyline snapshot` on a real Kafka and a real Redis."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from consumers.kafka import KafkaSource
from eddyline.settings import load_settings

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def test_saved_lost_and_restored(said, deployment, monkeypatch, tmp_path):
    backup = tmp_path / "backup"
    assert "nothing is stored" in said("snapshot", "save", "--to", backup, code=2)
    said("topics", "create", "--partitions", "2")
    said("simulate", "--customers", "40", "--days", "30")
    said("run", "--until-end")
    shown = json.loads(said("customer", "c-00001", "--json"))

    saved = json.loads(said("snapshot", "save", "--to", backup, "--json"))
    assert [one["partition"] for one in saved] == [0, 1]
    assert json.loads(said("snapshot", "list", backup, "--json")) == saved
    table = said("snapshot", "list", backup)
    assert all(f"{one['watermark']:,}" in table and one["created"] in table for one in saved)
    checked = json.loads(said("snapshot", "verify", "--against-log", backup, "--json"))
    assert [one["state_hash"] for one in checked] == [one["state_hash"] for one in saved]
    assert "2 snapshots, all of them whole" in said("snapshot", "verify", backup)

    assert "--replace" in said("snapshot", "restore", backup, code=2)
    monkeypatch.setenv("EDDYLINE_REDIS__PREFIX", f"{deployment['EDDYLINE_REDIS__PREFIX']}-new")
    settings = load_settings()
    with closing(KafkaSource(settings.kafka, settings.group)) as member:
        member.subscribe(settings.topics.events, lambda given: None, lambda taken: None)
        member.poll(1, 1.0)
        assert "a worker runs" in said("snapshot", "restore", "--replace", backup, code=2)
    restored = json.loads(said("snapshot", "restore", backup, "--json"))
    assert restored == saved
    said("run", "--until-end")
    assert json.loads(said("customer", "c-00001", "--json")) == shown

    assert "already" in said("state", "migrate")
    damaged = tmp_path / "damaged.snapshot"
    damaged.write_bytes(Path(saved[0]["path"]).read_bytes()[:-1])
    assert "damaged" in said("snapshot", "verify", damaged, code=2)
    assert "damaged" in said("snapshot", "restore", "--replace", damaged, code=2)
    assert "cannot be read" in said("snapshot", "list", tmp_path / "elsewhere", code=2)
    (tmp_path / "empty").mkdir()
    assert "no snapshot" in said("snapshot", "list", tmp_path / "empty", code=2)
