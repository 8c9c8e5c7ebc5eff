"""What the store in Redis does besides: outcomes, refusals, clusters, sentinels, and what others are told."""

from __future__ import annotations

import hashlib
import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, Tuple

import pytest
import redis.asyncio
from redis import Redis as Client
from redis.backoff import ConstantBackoff, NoBackoff
from redis.cluster import RedisCluster as ClusterClient
from redis.retry import Retry
from redis.sentinel import Sentinel as SentinelClient

from flask_session_swap import clock
from flask_session_swap.settings import ConfigurationError
from flask_session_swap.stores.redis import RedisStore, open_redis
from flask_session_swap.stores.store import Conflict, Done, Loaded, StoreError
from servers.process import free_port, until
from servers.proxy import Proxy
from servers.redis import ENGINES, Redis, RedisCluster, Sentinel

from .place import app_with

KEY = "session:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
HOUR = 3600


def store_of(client: Any) -> RedisStore:
    return open_redis(app_with(SESSION_REDIS=client))


def swap(store: RedisStore, expected: bytes, new: bytes) -> Any:
    return store.swap(KEY, Loaded(expected), new, HOUR, clock.now())


def create(store: RedisStore, new: bytes) -> None:
    assert isinstance(store.swap(KEY, None, new, HOUR, clock.now()), Done)


def count(store: RedisStore, times: int) -> Tuple[int, int]:
    """Adds one to the record, so many times. Returns how often that was done, and how often nobody knows."""
    done = open = 0
    while done + open < times:
        loaded = store.load(KEY, clock.now())
        assert loaded is not None
        try:
            done += isinstance(swap(store, loaded.record, b"%d" % (int(loaded.record) + 1)), Done)
        except StoreError as error:
            open += error.is_open
    return done, open


@pytest.fixture
def server() -> Iterator[Redis]:
    """A server of this test alone."""
    server = Redis()
    yield server
    server.stop()


@pytest.fixture(params=ENGINES)
def any_server(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """A server of this test alone, of each version and maker."""
    server = Redis(engine=request.param)
    yield server
    server.stop()


@pytest.fixture
def behind_proxy(server: Redis) -> Iterator[Tuple[Proxy, RedisStore, Redis]]:
    """A store whose client repeats as much as it can."""
    proxy = Proxy(server.port)
    retry = Retry(NoBackoff(), 5)
    yield proxy, store_of(Client(port=proxy.port, socket_timeout=1, retry=retry)), server
    proxy.stop()


@pytest.fixture
def cluster(redis_cluster: RedisCluster) -> Iterator[RedisCluster]:
    yield redis_cluster
    for node in redis_cluster.nodes:
        node.command("FLUSHALL")


@pytest.fixture
def own_cluster() -> Iterator[RedisCluster]:
    """A cluster of this test alone."""
    cluster = RedisCluster()
    yield cluster
    cluster.stop()


def test_a_client_may_make_texts_of_answers_for_the_application(server: Redis) -> None:
    client = Client(port=server.port, decode_responses=True, encoding="ascii")
    store, record = store_of(client), bytes(range(256)) * 200
    create(store, record)
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == record
    assert swap(store, b"other", b"b") == Conflict(Loaded(record))
    assert isinstance(swap(store, record, b"b"), Done)
    assert server.command("GET", KEY) == b"b"


@pytest.mark.parametrize("fails", ["cut_at", "lose_at"])
def test_a_swap_whose_answer_is_lost_is_open_and_is_not_repeated(
    behind_proxy: Tuple[Proxy, RedisStore, Redis], fails: str
) -> None:
    proxy, store, server = behind_proxy
    create(store, b"a")
    before = proxy.count(b"EVALSHA")
    setattr(proxy, fails, b"EVALSHA")
    with pytest.raises(StoreError) as lost:
        swap(store, b"a", b"b")
    assert lost.value.is_open
    assert server.command("GET", KEY) == b"b"
    assert proxy.count(b"EVALSHA") == before + 1
    assert KEY not in "".join(traceback.format_exception(lost.type, lost.value, lost.tb))
    # What comes too late is nobody's answer.
    setattr(proxy, fails, None)
    assert swap(store, b"a", b"c") == Conflict(Loaded(b"b"))


def test_by_sentinels_an_answer_that_comes_too_late_is_nobodys(server: Redis) -> None:
    proxy, sentinel = Proxy(server.port), Sentinel()
    sentinel.name_master("sessions", proxy.port)
    client = SentinelClient([("127.0.0.1", sentinel.port)]).master_for("sessions", socket_timeout=1)
    store = store_of(client)
    create(store, b"a")
    proxy.lose_at = b"EVALSHA"
    with pytest.raises(StoreError) as lost:
        swap(store, b"a", b"b")
    assert lost.value.is_open
    proxy.lose_at = None
    # The late answer says that a swap is done.
    assert swap(store, b"a", b"c") == Conflict(Loaded(b"b"))
    proxy.stop()
    sentinel.stop()


def test_in_a_cluster_a_swap_whose_answer_is_lost_is_open_and_is_not_repeated(cluster: RedisCluster) -> None:
    proxies = {node.port: Proxy(node.port) for node in cluster.nodes}

    def by_proxy(address: Tuple[str, int]) -> Tuple[str, int]:
        host, port = address
        return host, proxies[port].port if port in proxies else port

    retry = Retry(NoBackoff(), 5)
    store = store_of(ClusterClient.from_url(cluster.url, address_remap=by_proxy, retry=retry))
    create(store, b"a")
    before = sum(proxy.count(b"EVALSHA") for proxy in proxies.values())
    for proxy in proxies.values():
        proxy.cut_at = b"EVALSHA"
    with pytest.raises(StoreError) as lost:
        swap(store, b"a", b"b")
    assert lost.value.is_open
    assert cluster.master_of(KEY).command("GET", KEY) == b"b"
    assert sum(proxy.count(b"EVALSHA") for proxy in proxies.values()) == before + 1
    for proxy in proxies.values():
        proxy.stop()


def test_what_is_not_known_is_never_more_than_what_failed(
    behind_proxy: Tuple[Proxy, RedisStore, Redis],
) -> None:
    proxy, store, server = behind_proxy
    create(store, b"0")
    with ThreadPoolExecutor(4) as pool:
        counters = [pool.submit(count, store, 100) for _ in range(4)]
        for number in range(10):
            proxy.cut_at = b"EVALSHA"
            until(lambda: proxy.lost > number or all(counter.done() for counter in counters), "cut")
            proxy.cut_at = None
    done, open = map(sum, zip(*(counter.result() for counter in counters)))
    assert open > 0
    assert done <= int(server.command("GET", KEY)) <= done + open


def test_a_deletion_whose_answer_is_lost_is_open_and_is_not_repeated(
    behind_proxy: Tuple[Proxy, RedisStore, Redis],
) -> None:
    proxy, store, _ = behind_proxy
    create(store, b"a")
    proxy.cut_at = b"\r\nDEL\r\n"
    with pytest.raises(StoreError) as lost:
        store.delete(KEY, clock.now())
    assert lost.value.is_open
    assert proxy.count(b"DEL") == 1


def test_a_load_is_one_message(behind_proxy: Tuple[Proxy, RedisStore, Redis]) -> None:
    proxy, store, _ = behind_proxy
    create(store, b"a")
    # To a client that waits for the first answer nothing is ever answered.
    proxy.hold_until = b"GET"
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"a" and loaded.expires is not None


def test_a_load_over_a_connection_that_breaks_is_repeated(
    behind_proxy: Tuple[Proxy, RedisStore, Redis],
) -> None:
    proxy, store, _ = behind_proxy
    create(store, b"a")
    proxy.cut_at = b"PTTL"
    with pytest.raises(StoreError):
        store.load(KEY, clock.now())
    assert proxy.count(b"PTTL") == 2


def test_where_there_is_no_server_nothing_has_happened() -> None:
    store = store_of(Client(port=free_port(), retry=Retry(NoBackoff(), 0)))
    for call in (lambda: create(store, b"a"), lambda: store.load(KEY, 0), lambda: store.delete(KEY, 0)):
        with pytest.raises(StoreError) as refused:
            call()
        assert not refused.value.is_open
        assert isinstance(refused.value.__cause__, redis.ConnectionError)


def test_a_server_that_was_started_again_is_written_to_at_once(server: Redis) -> None:
    store = store_of(Client(port=server.port, retry=Retry(NoBackoff(), 0)))
    create(store, b"a")
    server.restart()
    assert isinstance(swap(store, b"a", b"b"), Done)
    server.command("SCRIPT", "FLUSH")
    assert isinstance(swap(store, b"b", b"c"), Done)


@pytest.mark.parametrize(
    "refusal",
    ["LOADING Redis is loading the data", "MASTERDOWN Link with MASTER is down", "BUSY Redis is busy"],
)
def test_what_a_server_refuses_since_it_is_not_ready_has_not_happened(
    behind_proxy: Tuple[Proxy, RedisStore, Redis], refusal: str
) -> None:
    proxy, store, _ = behind_proxy
    proxy.answer_at, proxy.answer = b"EVALSHA", f"-{refusal}\r\n".encode()
    with pytest.raises(StoreError, match="refused") as refused:
        create(store, b"a")
    assert not refused.value.is_open


def test_an_error_that_somebody_between_may_have_made_leaves_it_open(
    behind_proxy: Tuple[Proxy, RedisStore, Redis],
) -> None:
    proxy, store, _ = behind_proxy
    proxy.answer_at, proxy.answer = b"EVALSHA", b"-ERR upstream failure\r\n"
    with pytest.raises(StoreError) as failed:
        create(store, b"a")
    assert failed.value.is_open


def test_a_full_server_has_written_nothing(any_server: Redis) -> None:
    store = store_of(Client(port=any_server.port))
    create(store, b"a")
    any_server.command("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreError, match="refused") as full:
        swap(store, b"a", b"b")
    assert not full.value.is_open
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"a"


def test_a_replica_has_written_nothing_and_is_asked_again_until_it_is_the_master(any_server: Redis) -> None:
    store = store_of(Client(port=any_server.port))
    create(store, b"a")
    any_server.command("REPLICAOF", "127.0.0.1", free_port())
    with pytest.raises(StoreError, match="refused") as refused:
        swap(store, b"a", b"b")
    assert not refused.value.is_open
    promotion = threading.Timer(0.1, any_server.command, ("REPLICAOF", "NO", "ONE"))
    promotion.start()
    assert isinstance(swap(store, b"a", b"b"), Done)
    promotion.join()


def test_what_is_not_a_record_is_an_error_that_quotes_nothing(server: Redis) -> None:
    store = store_of(Client(port=server.port))
    server.command("HSET", KEY, "secret", "value")
    for call in (lambda: create(store, b"a"), lambda: store.load(KEY, 0)):
        with pytest.raises(StoreError, match="WRONGTYPE") as refused:
            call()
        assert not refused.value.is_open
        assert KEY not in "".join(traceback.format_exception(refused.type, refused.value, refused.tb))
    assert store.delete(KEY, 0) is True


def test_a_server_without_scripts_is_an_error_that_quotes_nothing() -> None:
    server = Redis("--rename-command", "EVALSHA", "")
    with pytest.raises(StoreError) as refused:
        create(store_of(Client(port=server.port)), b"a")
    server.stop()
    assert not refused.value.is_open
    assert KEY not in "".join(traceback.format_exception(refused.type, refused.value, refused.tb))


def test_a_node_of_a_cluster_is_not_taken_for_a_server(cluster: RedisCluster) -> None:
    other = next(node for node in cluster.nodes if node is not cluster.master_of(KEY))
    with pytest.raises(StoreError, match="RedisCluster") as refused:
        create(store_of(Client(port=other.port)), b"a")
    assert not refused.value.is_open


def test_who_waits_for_the_end_of_a_session_is_told_of_each_removal(server: Redis) -> None:
    store = store_of(Client(port=server.port))
    channel = "session-ended:" + hashlib.sha256(KEY.encode()).hexdigest()
    with Client(port=server.port) as client, client.pubsub() as listener:
        listener.subscribe(channel)
        until(lambda: listener.get_message(timeout=1) is not None, "subscribed")
        for remove in (
            lambda: store.swap(KEY, Loaded(b"a"), None, None, clock.now()),
            lambda: store.delete(KEY, clock.now()),
        ):
            create(store, b"a")
            assert listener.get_message(timeout=0) is None
            remove()
            until(lambda: listener.get_message(timeout=1) is not None, "told")


def test_a_removal_that_can_not_be_told_is_done_and_logged_once(
    server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    rights = "~session:* +@connection +get +set +pttl +del +eval +evalsha resetchannels"
    server.command("ACL", "SETUSER", "flask", "on", ">word", *rights.split())
    store = store_of(f"redis://flask:word@127.0.0.1:{server.port}")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            create(store, b"a")
            assert isinstance(store.swap(KEY, Loaded(b"a"), None, None, clock.now()), Done)
            create(store, b"a")
            assert store.delete(KEY, clock.now()) is True
    assert ["PUBLISH" in record.message for record in caplog.records] == [True]


def test_the_life_that_is_left_is_told_and_kept(server: Redis) -> None:
    store = store_of(Client(port=server.port))
    create(store, b"a")
    loaded = store.load(KEY, 1000.0)
    assert loaded is not None and loaded.expires is not None
    assert 1000 + HOUR - 60 < loaded.expires <= 1000 + HOUR
    server.command("PERSIST", KEY)
    assert store.load(KEY, 1000.0) == Loaded(b"a", expires=None)
    assert isinstance(store.swap(KEY, Loaded(b"a"), b"b", None, clock.now()), Done)
    assert server.command("PTTL", KEY) == -1


def test_a_slot_that_moves_takes_its_sessions_along(own_cluster: RedisCluster) -> None:
    store = store_of(ClusterClient.from_url(own_cluster.url))
    create(store, b"a")
    source, target, slot = own_cluster.start_moving(KEY)
    # It is still there.
    assert isinstance(swap(store, b"a", b"b"), Done)
    source.command("MIGRATE", "127.0.0.1", target.port, KEY, 0, 5000)
    # Now each command has to be announced to its new master.
    assert isinstance(swap(store, b"b", b"c"), Done)
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"c" and loaded.expires is not None
    assert store.delete(KEY, clock.now()) is True
    create(store, b"d")
    own_cluster.end_moving(source, target, slot)
    assert isinstance(swap(store, b"d", b"e"), Done)


def test_nothing_is_lost_or_done_twice_while_slots_move(own_cluster: RedisCluster) -> None:
    store = store_of(ClusterClient.from_url(own_cluster.url))
    create(store, b"0")
    with ThreadPoolExecutor(4) as pool:
        counters = [pool.submit(count, store, 100) for _ in range(4)]
        moves = 0
        while not all(counter.done() for counter in counters) or moves < 3:
            own_cluster.end_moving(*own_cluster.start_moving(KEY))
            moves += 1
    assert [counter.result() for counter in counters] == [(100, 0)] * 4
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"400"


def test_what_is_sent_to_and_fro_between_masters_has_not_happened(cluster: RedisCluster) -> None:
    store = store_of(ClusterClient.from_url(cluster.url))
    source = cluster.master_of(KEY)
    target = next(node for node in cluster.nodes if node is not source)
    slot = source.command("CLUSTER", "KEYSLOT", KEY)
    # The other one knows nothing of it, and sends everybody back.
    source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.command("CLUSTER", "MYID"))
    try:
        with pytest.raises(StoreError) as refused:
            create(store, b"a")
        assert not refused.value.is_open
    finally:
        source.command("CLUSTER", "SETSLOT", slot, "STABLE")
    create(store, b"a")


def test_while_a_master_is_away_its_sessions_have_not_been_written_and_others_are(
    own_cluster: RedisCluster,
) -> None:
    cluster = own_cluster
    store = store_of(ClusterClient.from_url(cluster.url))
    keys = [f"session:{number}" for number in range(40)]
    away = cluster.master_of(keys[0])
    theirs = next(key for key in keys if cluster.master_of(key) is not away)
    store.load(keys[0], 0)
    away.kill()
    with pytest.raises(StoreError) as refused:
        store.swap(keys[0], None, b"a", HOUR, 0)
    assert not refused.value.is_open
    assert isinstance(store.swap(theirs, None, b"a", HOUR, 0), Done)


def test_the_master_that_sentinels_name_is_found_again(server: Redis) -> None:
    other, sentinel = Redis(), Sentinel()
    sentinel.name_master("sessions", server.port)
    client = SentinelClient([("127.0.0.1", sentinel.port)]).master_for(
        "sessions", retry=Retry(ConstantBackoff(0.05), 20)
    )
    store = store_of(client)
    create(store, b"a")
    # A fail-over, by hand: the old master follows the new one.
    server.command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    other.command("REPLICAOF", "127.0.0.1", server.port)
    until(lambda: other.command("EXISTS", KEY) == 1, "copied")
    other.command("REPLICAOF", "NO", "ONE")
    server.command("REPLICAOF", "127.0.0.1", other.port)
    sentinel.name_master("sessions", other.port)
    assert isinstance(swap(store, b"a", b"b"), Done)
    assert other.command("GET", KEY) == b"b"
    other.stop()
    sentinel.stop()


def test_a_client_that_is_not_one_is_refused_by_the_name_of_the_key() -> None:
    for given in (7, redis.asyncio.Redis(), "localhost", "http://localhost", ["redis://localhost"]):
        with pytest.raises(ConfigurationError, match="SESSION_REDIS"):
            store_of(given)


def test_without_a_client_there_is_a_warning_as_flask_session_gives_it() -> None:
    with pytest.warns(RuntimeWarning, match="SESSION_REDIS"):
        open_redis(app_with())
