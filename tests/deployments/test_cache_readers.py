"""The client of the cache, and its twin, where Redis is a Cluster, behind Sentinel or TLS; with a reader's rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from redis.cluster import RedisCluster

from eddyline import AsyncRecommendationClient, RecommendationClient
from producers.partitioner import partition_of
from stream.errors import DeploymentError, Forbidden, Unreachable
from stream.store.address import RedisAddress
from stream.store.base import Delta
from stream.store.redis import RedisStore
from tests.deployments.certificates import Certificates
from tests.deployments.conftest import found
from tests.deployments.redis_servers import Redis, SentinelServer, TlsRedis, cluster

pytestmark = pytest.mark.redis
CUSTOMERS = [f"c{number}" for number in range(12)]
PARTITIONS = 4
ITEM = b'{"item":"tea","score":1.0,"reason":"again","because":"tea","sentence":"You ordered or added this before."}'
LIST = b'{"id":"%b","model":3,"occurredAt":"2026-01-01T00:00:00.000Z","items":[' + ITEM + b"]}"
PAGE = (Path(__file__).parents[2] / "docs" / "cache.md").read_text(encoding="utf-8")
READER = next(line for line in PAGE.splitlines() if line.startswith("user shop")).replace("PASSWORD", "l3ast").split()


class Place(NamedTuple):
    """Where workers write, and whose login readers use."""

    address: RedisAddress

    def reader(self, password: str = "l3ast") -> RedisAddress:
        return self.address.model_copy(update={"username": "shop", "password": SecretStr(password)})


@pytest.fixture(scope="module", params=["cluster", "sentinel", "tls"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A deployment's Redis with what workers have written."""
    kind = request.param
    with found(), ExitStack() as stack:
        if kind == "cluster":
            servers = stack.enter_context(cluster())
            address = RedisAddress(url=at("redis+cluster", ",".join(f"127.0.0.1:{one.port}" for one in servers[:2])))
            allow(servers, "+cluster", "+command")
        elif kind == "sentinel":
            master = stack.enter_context(Redis())
            sentinel = stack.enter_context(SentinelServer(master.port, "s3ntinel"))
            nodes = f"127.0.0.1:1,127.0.0.1:{sentinel.port}/shop/0"
            address = RedisAddress(url=at("redis+sentinel", nodes), sentinel_password=SecretStr("s3ntinel"))
            allow([master])
        else:
            certificates: Certificates = request.getfixturevalue("certificates")
            server = stack.enter_context(TlsRedis(certificates, "--user", *READER[1:]))
            address = RedisAddress(url=SecretStr(server.address), ssl_cafile=str(certificates.authority))
        yield filled(Place(address))


def at(scheme: str, nodes: str) -> SecretStr:
    return SecretStr(f"{scheme}://{nodes}")


def allow(servers: list[Redis], *more: str) -> None:
    """Give the reader its rights."""
    for server in servers:
        with server.client as client:
            client.execute_command("ACL", "SETUSER", READER[1], "reset", *READER[2:], *more)


def filled(place: Place) -> Place:
    store = RedisStore(place.address, "events")
    store.claim("shop", PARTITIONS)
    for partition in range(PARTITIONS):
        mine = [name for name in CUSTOMERS if partition_of(name.encode(), PARTITIONS) == partition]
        lists: dict[str, bytes | None] = {name: LIST % name.encode() for name in mine}
        store.commit(partition, store.acquire(partition), Delta(1, lists=lists), b"")
    store.publish_similar({"tea": {"milk": 0.5}})
    store.publish_popular({"tea": 2.0, "pot": 1.0})
    store.close()
    return place


def asked(address: RedisAddress) -> list[Any]:
    """What the client answers."""
    with RecommendationClient(address) as client:
        lists = [client.recommend(name) for name in [*CUSTOMERS, "nobody"]]
        return [*lists, client.similar("tea"), client.popular()]


def awaited(address: RedisAddress) -> list[Any]:
    """What its twin answers."""

    async def all_at_once() -> list[Any]:
        async with AsyncRecommendationClient(address) as client:
            lists = await asyncio.gather(*(client.recommend(name) for name in [*CUSTOMERS, "nobody"]))
            return [*lists, await client.similar("tea"), await client.popular()]

    return asyncio.run(all_at_once())


@pytest.mark.parametrize("ask", [asked, awaited])
def test_with_a_readers_rights(place: Place, ask: Any) -> None:
    *lists, nobody, similar, popular = ask(place.reader())
    assert [(one.customer, one.id) for one in lists] == [(name, name) for name in CUSTOMERS]
    assert {one.items[0].sentence for one in lists} == {"You ordered or added this before."}
    assert (nobody.id, [one.item for one in nobody.items]) == (None, ["tea", "pot"])
    assert (similar, popular) == ([("milk", 0.5)], [("tea", 2.0), ("pot", 1.0)])
    with pytest.raises(Forbidden, match="refuses the login"):
        ask(place.reader("wrong"))


@pytest.mark.parametrize("place", ["cluster"], indirect=True)
@pytest.mark.parametrize("ask", [asked, awaited])
def test_a_crowd_asks_each_node_of_a_cluster_for_what_it_has(place: Place, ask: Any) -> None:
    """Redirections are slow, and after five of them redis-py closes connections that are in use."""

    def redirected() -> list[Any]:
        with RedisCluster.from_url(f"redis://127.0.0.1:{place.address.place.nodes[0][1]}") as client:
            told = client.info("errorstats", target_nodes=RedisCluster.PRIMARIES)
        return [stats.get("errorstat_MOVED") for stats in told.values()]

    before = redirected()
    assert len(before) == 3
    ask(place.address)
    assert redirected() == before


@pytest.mark.parametrize("ask", [asked, awaited])
def test_what_is_not_there_is_said(place: Place, ask: Any) -> None:
    kind = place.address.place.kind
    wrong = {
        "cluster": ("redis+cluster://127.0.0.1:1", Unreachable, "Cluster at 127.0.0.1:1 does not answer"),
        "sentinel": ("redis+sentinel://127.0.0.1:1/shop/0", Unreachable, "no sentinel names a master"),
        "server": (place.address.url.get_secret_value(), DeploymentError, "certificate that is not trusted"),
    }
    url, error, said = wrong[kind]
    with pytest.raises(error, match=said):
        ask(RedisAddress(url=SecretStr(url)))
