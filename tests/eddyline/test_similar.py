"""Similar items are read from the cache that any service can read, with a real Redis."""

from __future__ import annotations

import json

import pytest
from redis import Redis

from eddyline.cli import main
from eddyline.connected import open_store
from eddyline.settings import load_settings

pytestmark = [pytest.mark.redis]


@pytest.fixture
def cached(deployment, monkeypatch):
    """What goes with tea, as workers publish it."""
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    store = open_store(settings)
    store.publish_similar({"tea": {"cup": 0.5, "pot": 0.25, "milk": 0.75}})
    store.publish_popular({"tea": 2.0})
    yield settings
    store.close()


def test_the_nearest_first(cached, deployment, capsys):
    assert main(["similar", "tea", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    near = [("milk", 0.75), ("cup", 0.5), ("pot", 0.25)]
    assert told == {"item": "tea", "items": [{"item": item, "similarity": similarity} for item, similarity in near]}
    with Redis.from_url(deployment["EDDYLINE_REDIS__URL"], decode_responses=True) as any_service:
        key = f"{cached.redis.prefix}:{cached.topics.events}:similar:tea"
        assert any_service.zrevrange(key, 0, 9, withscores=True) == near


def test_as_many_as_are_asked_for(cached, capsys):
    assert main(["similar", "tea", "--count", "2"]) == 0
    shown = capsys.readouterr().out
    assert "milk" in shown
    assert "0.750" in shown
    assert "pot" not in shown


def test_an_item_that_nobody_knows(cached, capsys):
    assert main(["similar", "coffee"]) == 2
    assert "look at the id" in capsys.readouterr().err


def test_before_anything_was_ordered(deployment, monkeypatch, capsys):
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    assert main(["similar", "tea"]) == 2
    assert "nothing was ordered yet" in capsys.readouterr().err
