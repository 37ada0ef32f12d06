"""A customer's current list in words, from the cache that any service can read, with a real Redis."""

from __future__ import annotations

import json

import pytest

from eddyline.cli import main
from eddyline.connected import open_store
from eddyline.settings import load_settings
from stream.store.base import Delta
from stream.updates import Cause, ItemsRecommended, RecommendedItem, to_json

pytestmark = [pytest.mark.redis]
ITEMS = (
    RecommendedItem(
        item="cup", score=0.25, reason="similar", because="tea", sentence="Often ordered together with tea."
    ),
    RecommendedItem(
        item="tea", score=0.125, reason="again", because="tea", sentence="You ordered or added this before."
    ),
    RecommendedItem(item="pot", score=0.001, reason="popular", because=None, sentence="Popular now."),
)
LIST = ItemsRecommended(
    id="l1",
    customer="ann",
    occurred_at=1_700_000_000_123,
    cause=Cause(kind="event", event_id="m1"),
    model=6,
    items=ITEMS,
)


@pytest.fixture
def store(deployment, monkeypatch):
    """An empty store of the deployment that commands see."""
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    opened = open_store(settings)
    opened.claim(settings.deployment, 1)
    yield opened
    opened.close()


@pytest.fixture
def cached(store):
    """Ann's list, and what is popular, as workers write them."""
    store.commit(0, store.acquire(0), Delta(1, lists={"ann": to_json(LIST)}), b"")
    store.publish_popular({"tea": 3.0, "pot": 2.0, "cup": 1.0})


@pytest.mark.usefixtures("cached")
def test_the_list_with_its_reasons(capsys):
    assert main(["recommend", "ann"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "Recommended to ann:"
    assert [line.split(maxsplit=1) for line in lines if line.startswith(("cup", "tea", "pot"))] == [
        [one.item, one.sentence] for one in ITEMS
    ]


@pytest.mark.usefixtures("cached")
def test_as_many_as_are_asked_for(capsys):
    assert main(["recommend", "ann", "--count", "1"]) == 0
    shown = capsys.readouterr().out
    assert "cup" in shown
    assert "before" not in shown


@pytest.mark.usefixtures("cached")
def test_what_each_item_rests_on(capsys):
    assert main(["recommend", "ann", "--explain"]) == 0
    shown = capsys.readouterr().out
    assert "List l1, made at 2023-11-14T22:13:20.123Z by model 6." in shown
    rows = [line.split() for line in shown.splitlines()]
    assert any(row[-3:] == ["similar", "tea", "0.25"] for row in rows)
    assert any(row[-3:] == ["popular", "-", "0.001"] for row in rows)


@pytest.mark.usefixtures("cached")
def test_json(capsys):
    assert main(["recommend", "ann", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "customer": "ann",
        "id": "l1",
        "model": 6,
        "occurred_at": "2023-11-14T22:13:20.123Z",
        "items": [one.model_dump() for one in ITEMS],
        "empty_because": None,
    }


@pytest.mark.usefixtures("cached")
@pytest.mark.parametrize("explain", [[], ["--explain"]])
def test_a_customer_without_a_list_gets_what_is_popular_and_the_reason_says_so(explain, capsys):
    assert main(["recommend", "bob", *explain]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "bob has no list yet; what is popular:"
    assert [line.split()[0] for line in lines if "Popular now." in line] == ["tea", "pot", "cup"]
    assert main(["recommend", "bob", "--json", "--count", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["occurred_at"]) == (None, None)
    assert [(one["item"], one["reason"]) for one in told["items"]] == [("tea", "popular"), ("pot", "popular")]


@pytest.mark.usefixtures("cached")
def test_a_list_for_an_open_basket_and_what_it_is_made_of(store, capsys):
    store.publish_similar({"jam": {"bread": 0.5, "pot": 0.25, "milk": 0.1}, "bun": {"milk": 0.6}})
    assert main(["recommend", "ann", "--context", "jam", "--context", "bun", "--json", "--count", "4"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["id"], told["customer"]) == (None, "ann")
    assert [one["item"] for one in told["items"]] == ["pot", "milk", "cup", "tea"]
    pot, milk, _, tea = told["items"]
    assert [(part["source"], part["place"]) for part in pot["parts"]] == [("similar", 3), ("list", 3), ("popular", 2)]
    assert pot["score"] == pytest.approx(3 / 63 + 2 / 63 + 1 / 62)
    assert (milk["reason"], milk["because"], milk["parts"][0]["value"]) == ("similar", "bun", pytest.approx(0.7))
    assert (tea["reason"], tea["sentence"]) == ("again", "You ordered or added this before.")
    assert main(["recommend", "ann", "--context", "jam", "--explain"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Recommended to ann beside jam:" in shown
    assert "similar #1 (0.5)" in shown
    assert main(["recommend", "zoe", "--context", "tea", "--json"]) == 0
    unknown = json.loads(capsys.readouterr().out)["items"]
    assert [(one["item"], one["reason"]) for one in unknown] == [("pot", "popular"), ("cup", "popular")]


@pytest.mark.usefixtures("store")
def test_before_there_is_a_model(capsys):
    assert main(["recommend", "ann"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "customer 'ann': nothing was ordered yet" in err


def test_where_no_worker_has_run(deployment, monkeypatch, capsys):
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    assert main(["recommend", "ann"]) == 2
    assert "run a worker" in capsys.readouterr().err


def test_redis_does_not_answer(deployment, monkeypatch, capsys):
    for name, value in deployment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EDDYLINE_REDIS__URL", "redis://127.0.0.1:1/0")
    assert main(["recommend", "ann"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "does not answer" in err
