"""The cache as others read it, in a real Redis that a worker has filled: by the documented keys, and by the client."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis

from eddyline import AsyncRecommendationClient, RecommendationClient
from producers.items import broadcast, item_event
from stream.errors import ConfigError, Damaged, DeploymentError, InputError, Unreachable
from stream.store.redis import RedisStore
from tests.consumers.test_growth import grow, migrate
from tests.consumers.test_lists import said
from tests.consumers.world import RECORDS, World
from tests.logs.harness import MemoryLog

pytestmark = pytest.mark.redis
DOCS = (Path(__file__).parents[2] / "docs" / "cache.md").read_text(encoding="utf-8")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Filled(NamedTuple):
    """What a worker has written."""

    world: World
    url: str
    prefix: str
    published: dict[str, dict[str, Any]]  # customer -> the list that was published last


def filled(url: str, records: list[Any], partitions: int) -> Filled:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    world = World(MemoryLog(), RedisStore(url, "events", prefix), partitions=partitions)
    world.load(broadcast([item_event({"product_id": "none-of-it", "hidden": True}, 0, "i-1")], partitions))
    world.load(records)
    world.run()
    return Filled(world, url, prefix, {customer: json.loads(value or b"") for customer, value in said(world).items()})


@pytest.fixture(scope="module")
def cache(redis_url: str) -> Iterator[Filled]:
    """Three partitions."""
    made = filled(redis_url, RECORDS, 3)
    assert len(made.published) > 20
    yield made
    made.world.store.close()


@pytest.fixture
def any_service(redis_url: str) -> Iterator[redis.Redis]:
    """A client that knows nothing of us."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "asyncio"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Makes a client, asks one question, and closes it."""

    def sync(question: str, *arguments: Any, at: Any = None, **place: Any) -> Any:
        with RecommendationClient(at, **place) as client:
            return getattr(client, question)(*arguments)

    def twin(question: str, *arguments: Any, at: Any = None, **place: Any) -> Any:
        async def asked() -> Any:
            async with AsyncRecommendationClient(at, **place) as client:
                return await getattr(client, question)(*arguments)

        return asyncio.run(asked())

    return sync if request.param == "sync" else twin


def test_the_documented_keys_without_our_code(cache, any_service):
    block = re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block[1], names)
    current_list = names["current_list"]
    for customer, published in cache.published.items():
        assert current_list(any_service, customer, cache.prefix) == published
    assert current_list(any_service, "nobody", cache.prefix) is None
    assert names["murmur2"](b"21") == 3321034988


def test_each_documented_key_is_there_with_its_type(cache, any_service):
    rows = re.findall(r"^\| `(eddyline:[^`]+)` \| (\w+(?: \w+)?) \|", DOCS, re.MULTILINE)
    assert len(rows) == 6
    item, _ = cache.world.store.popular(1)[0]
    types = {"hash": b"hash", "sorted set": b"zset", "string": b"string"}
    for key, kind in rows:
        key = key.replace("eddyline", cache.prefix).replace("{events:3}", "{events:2}").replace("ITEM", item)
        assert any_service.type(key) == types[kind], key
    assert json.loads(any_service.get(f"{cache.prefix}:deployment:events"))["partitions"] == 3
    top = any_service.zrevrange(f"{cache.prefix}:events:popular", 0, 2, withscores=True)
    assert [name.decode() for name, _ in top] == [name for name, _ in cache.world.store.popular(3)]


def test_a_list_is_the_one_published_last(cache, ask):
    place = {"at": cache.url, "prefix": cache.prefix}
    for customer, published in list(cache.published.items())[:8]:
        found = ask("recommend", customer, **place)
        assert (found.customer, found.id, found.model) == (customer, published["id"], published["model"])
        assert [(one.item, one.score, one.reason, one.because, one.sentence) for one in found.items] == [
            tuple(one.values()) for one in published["items"]
        ]
        assert found.to_dict()["occurred_at"] == published["occurredAt"]
        assert (found.occurred_at - EPOCH) % timedelta(milliseconds=1) == timedelta(0)
    assert [one.item for one in ask("recommend", customer, 2, **place).items] == [
        one["item"] for one in published["items"][:2]
    ]


def test_a_customer_without_a_list_gets_what_is_popular(cache, ask):
    found = ask("recommend", "nobody", 3, at=cache.url, prefix=cache.prefix)
    assert (found.id, found.model, found.occurred_at) == (None, None, None)
    assert [(one.item, one.score) for one in found.items] == cache.world.store.popular(3)
    assert {(one.reason, one.because, one.sentence) for one in found.items} == {("popular", None, "Popular now.")}


def test_similar_and_popular_items(cache, ask):
    place = {"at": cache.url, "prefix": cache.prefix}
    assert ask("popular", 4, **place) == cache.world.store.popular(4)
    item = cache.world.store.popular(1)[0][0]
    near = ask("similar", item, 5, **place)
    assert near == cache.world.store.similar(item, 5)
    assert near[0].similarity >= near[-1].similarity > 0
    assert ask("similar", "nothing", **place) == []


def test_a_client_stays_when_the_topic_grows(redis_url):
    made = filled(redis_url, RECORDS, 2)
    with RecommendationClient(redis_url, prefix=made.prefix) as client:
        for customer, published in made.published.items():
            assert client.recommend(customer).id == published["id"]
        grow(made.world, 4)
        migrate(made.world)
        for customer, published in made.published.items():
            assert client.recommend(customer).id == published["id"]
    made.world.store.close()


def test_a_list_that_is_found_takes_two_round_trips(cache, any_service):
    with RecommendationClient(cache.url, prefix=cache.prefix) as client:
        customer, *others = cache.published
        client.recommend(customer)
        with any_service.monitor() as watching:
            for other in others:
                client.recommend(other)
            any_service.echo(cache.prefix)
            asked = []
            for heard in watching.listen():
                if heard["command"] == f"ECHO {cache.prefix}":
                    break
                asked += [heard["command"]] if cache.prefix in heard["command"] else []
    assert [command.split()[0] for command in asked] == ["HGET", "HMGET"] * len(others)


def test_a_hidden_item_is_not_served_from_the_commit_on_and_comes_back(redis_url, ask, any_service):
    """Neither in lists that were made before, nor as similar or popular, and not to services without our client."""
    block = re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block[1], names)
    made = filled(redis_url, RECORDS, 2)
    place = {"at": redis_url, "prefix": made.prefix}
    customer, published = next((who, one) for who, one in made.published.items() if len(one["items"]) > 3)
    before = [one["item"] for one in published["items"]]
    popular = [one.item for one in ask("popular", 200, **place)]
    gone = before[0]
    near = next(item for item in popular if gone in {one.item for one in ask("similar", item, **place)})
    made.world.load(broadcast([item_event({"product_id": gone, "available": False}, 0, "i-2")], 2))
    made.world.run()
    found = ask("recommend", customer, 3, **place)
    assert (found.id, [one.item for one in found.items]) == (published["id"], before[1:4])
    assert [one.item for one in ask("popular", 200, **place)] == [item for item in popular if item != gone]
    assert [one.item for one in ask("popular", 3, **place)] == [item for item in popular if item != gone][:3]
    assert gone not in {one.item for one in ask("similar", near, **place)}
    assert gone not in {one.item for one in ask("recommend", "nobody", 200, **place).items}
    assert [one["item"] for one in names["current_list"](any_service, customer, made.prefix)["items"]] == before[1:]
    assert made.world.store.hidden(0) == made.world.store.hidden(1) == {gone: b"unavailable", "none-of-it": b"hidden"}
    made.world.load(broadcast([item_event({"product_id": gone, "available": True}, 0, "i-3")], 2))
    made.world.run()
    assert [one.item for one in ask("recommend", customer, **place).items] == before
    made.world.store.close()


def test_an_empty_list_says_why(cache, ask, any_service):
    prefix = f"{cache.prefix}-empty"
    made = {"id": "l", "model": 9, "occurredAt": "2030-01-01T00:00:00.000Z", "items": [], "emptyBecause": "Rules."}
    any_service.set(f"{prefix}:deployment:events", '{"deployment": "shop", "partitions": 1}')
    any_service.hset(f"{prefix}:{{events:0}}:lists", "ann", json.dumps(made))
    found = ask("recommend", "ann", at=cache.url, prefix=prefix)
    assert (found.id, found.items, found.empty_because) == ("l", (), "Rules.")


def test_the_place_is_that_of_the_settings(cache, ask, monkeypatch, tmp_path):
    customer, published = next(iter(cache.published.items()))
    monkeypatch.setenv("EDDYLINE_REDIS__URL", cache.url)
    monkeypatch.setenv("EDDYLINE_REDIS__PREFIX", cache.prefix)
    monkeypatch.setenv("EDDYLINE_LEARNING__EVERY", "7")  # what only workers need is not looked at
    assert ask("recommend", customer).id == published["id"]
    monkeypatch.delenv("EDDYLINE_REDIS__PREFIX")
    file = tmp_path / "eddyline.toml"
    file.write_text(f'[redis]\nprefix = "{cache.prefix}"\nurl = "redis://127.0.0.1:1"\n[topics]\nevents = "events"\n')
    assert ask("recommend", customer, config=file).id == published["id"]  # the variable wins over the file
    monkeypatch.setenv("EDDYLINE_CONFIG", str(file))
    assert ask("recommend", customer).id == published["id"]
    file.write_text("[redis]\nprefiks = 1\n")
    with pytest.raises(ConfigError, match="prefix"):
        ask("recommend", customer)


def test_a_server_that_does_not_answer(ask):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"redis://:hunter2@127.0.0.1:{free.getsockname()[1]}/0"
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+, database 0 does not answer") as refused:
        ask("recommend", "ann", at=url)
    assert "hunter2" not in str(refused.value)


def test_nothing_of_this_deployment_there(cache, ask):
    with pytest.raises(DeploymentError, match=r"no key nowhere:deployment:events.*redis\.prefix"):
        ask("recommend", "ann", at=cache.url, prefix="nowhere")
    assert ask("popular", at=cache.url, prefix="nowhere") == []


def test_what_is_asked_wrongly(cache, ask):
    for question, *arguments in (("recommend", "ann", 0), ("similar", "tea", -1), ("popular", 0)):
        with pytest.raises(InputError, match="at least 1"):
            ask(question, *arguments, at=cache.url, prefix=cache.prefix)
    with pytest.raises(InputError, match="UTF-8"):
        ask("recommend", "\udc80", at=cache.url, prefix=cache.prefix)
    with pytest.raises(ConfigError, match="URL is not valid"):
        ask("recommend", "ann", at="http://cache")


@pytest.mark.parametrize("packed", [b"", b"{", b"[]", b'{"id": 1}', b"\xff"])
def test_a_list_that_cannot_be_read_is_named(cache, ask, any_service, packed):
    prefix = f"{cache.prefix}-damaged"
    any_service.set(f"{prefix}:deployment:events", '{"deployment": "shop", "partitions": 1}')
    any_service.hset(f"{prefix}:{{events:0}}:lists", "ann", packed)
    with pytest.raises(Damaged, match="list of customer 'ann'"):
        ask("recommend", "ann", at=cache.url, prefix=prefix)


def test_fields_of_a_later_release_are_passed_over(cache, ask, any_service):
    later = {"id": "l", "model": 9, "occurredAt": "2030-01-01T00:00:00.000Z", "mood": "good"}
    item = {"item": "tea", "score": 1, "reason": "astrology", "because": None, "sentence": "Why not.", "sign": "leo"}
    prefix = f"{cache.prefix}-later"
    any_service.set(f"{prefix}:deployment:events", '{"deployment": "shop", "partitions": 1}')
    any_service.hset(f"{prefix}:{{events:0}}:lists", "ann", json.dumps({**later, "items": [item]}))
    (found,) = ask("recommend", "ann", at=cache.url, prefix=prefix).items
    assert (found.item, found.reason) == ("tea", "astrology")


def test_an_open_basket_the_same_from_both_clients(cache: Filled) -> None:
    customer, item = sorted(cache.published)[0], cache.world.store.popular(1)[0][0]
    with RecommendationClient(cache.url, prefix=cache.prefix) as client:
        found = client.recommend(customer, 5, context=[item])
        with pytest.raises(InputError, match="must be a list of items"):
            client.recommend(customer, 5, context=item)

    async def ask() -> Any:
        async with AsyncRecommendationClient(cache.url, prefix=cache.prefix) as client:
            return await client.recommend(customer, 5, context=[item])

    assert asyncio.run(ask()) == found
    assert len(found.items) == 5
    near = dict(cache.world.store.similar(item, 100))
    assert item not in {one.item for one in found.items}
    for one in found.items:
        assert one.score == pytest.approx(sum(part.score for part in one.parts))
        assert [part.value for part in one.parts if part.source == "similar"] == [
            near[one.item] for _ in range(one.item in near)
        ]
    assert any(one.item in near for one in found.items)
