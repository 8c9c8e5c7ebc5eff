"""Which caches of cachelib keep sessions, and what is special about each."""

from __future__ import annotations

import pickle
import threading
from typing import Any, Type

import pytest
from cachelib.base import BaseCache, NullCache
from cachelib.memcached import MemcachedCache
from cachelib.redis import RedisCache
from cachelib.serializers import JSONSerializer
from cachelib.simple import SimpleCache
from flask import Flask
from redis import Redis

from flask_session_swap import ConfigurationError, clock
from flask_session_swap.records import Pickle
from flask_session_swap.stores.cachelib import open_cachelib
from flask_session_swap.stores.store import Conflict, Done, Loaded, Store
from servers.process import PATIENCE
from servers.redis import Redis as RedisServer

from .after_flask_session import goes_on_at_either
from .place import app_with

KEY = "session:key"
HOUR = 3600


def opened(cache: object) -> Store:
    return open_cachelib(app_with(SESSION_CACHELIB=cache))


def pickled(**data: object) -> bytes:
    return pickle.dumps(data, pickle.HIGHEST_PROTOCOL)


def create(store: Store, key: str, new: bytes, lifetime: int, now: float) -> None:
    assert isinstance(store.swap(key, None, new, lifetime, now), Done)


def test_a_simple_cache_swaps_only_the_expected_record() -> None:
    store, now = opened(SimpleCache()), 1e9
    create(store, KEY, b"old", HOUR, now)
    assert store.load(KEY, now) == Loaded(b"old", now + HOUR)
    assert store.swap(KEY, None, b"new", HOUR, now) == Conflict(Loaded(b"old", now + HOUR))
    assert store.swap(KEY, Loaded(b"other"), None, None, now) == Conflict(Loaded(b"old", now + HOUR))
    assert store.swap(KEY, Loaded(b"old"), b"new", None, now + 60) == Done()
    assert store.load(KEY, now) == Loaded(b"new", now + HOUR)
    assert store.load(KEY, now + HOUR) is None
    assert store.delete(KEY, now + HOUR) is False
    create(store, KEY, b"another", HOUR, now)
    assert store.swap(KEY, Loaded(b"another"), None, None, now) == Done()
    assert store.delete(KEY, now) is False


def test_threads_that_count_in_a_simple_cache_lose_nothing() -> None:
    store = opened(SimpleCache())
    create(store, KEY, b"0", HOUR, clock.now())
    start = threading.Barrier(8)

    def count() -> None:
        start.wait(PATIENCE)
        for _ in range(200):
            loaded = store.load(KEY, clock.now())
            while loaded is not None:
                swapped = store.swap(KEY, loaded, b"%d" % (int(loaded.record) + 1), HOUR, clock.now())
                loaded = swapped.current if isinstance(swapped, Conflict) else None

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"1600"


def test_nobody_is_logged_out_to_make_room_in_a_simple_cache(caplog: pytest.LogCaptureFixture) -> None:
    cache, now = SimpleCache(threshold=50), clock.now()
    store = opened(cache)
    for number in range(30):
        create(store, f"session:ended:{number}", b"x", 1, now - HOUR)
    for number in range(100):
        create(store, f"session:{number}", b"x", HOUR, now)
    assert all(store.load(f"session:{number}", now) for number in range(100))
    assert len(cache._cache) == 100
    assert caplog.text.count("more than its threshold of 50") == 1


@pytest.mark.parametrize("kind", ["simple", "redis"])
def test_flask_session_and_the_store_share_the_sessions_of_a_cache(kind: str, request: pytest.FixtureRequest) -> None:
    cache: BaseCache = SimpleCache()
    if kind == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        cache = RedisCache(Redis.from_url(server.url), key_prefix=lambda: "of-flask:")
    app = Flask("tests")
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    goes_on_at_either(app, open_cachelib, Pickle())


def test_what_somebody_else_wrote_into_a_redis_cache_is_compared_as_it_is(redis_server: RedisServer) -> None:
    redis = Redis.from_url(redis_server.url)
    store = opened(RedisCache(redis))
    redis.set(KEY, b"7")
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"7"
    assert isinstance(store.swap(KEY, loaded, b"new", HOUR, clock.now()), Done)
    assert redis.get(KEY) == b"!new"
    assert store.delete(KEY, clock.now())


def with_json(kind: Type[BaseCache]) -> Any:
    return type("InJson", (kind,), {"serializer": JSONSerializer()})


class OfTheApplication(BaseCache):
    pass


@pytest.mark.parametrize(
    ("cache", "text"),
    [
        (NullCache(), "NullCache, which keeps no sessions"),
        (MemcachedCache(object()), 'SESSION_TYPE = "memcached"'),
        (OfTheApplication(), "OfTheApplication, in which sessions can't be compared"),
        ("flask_session", "a str, in which"),
        (with_json(SimpleCache)(), "serializer"),
        (with_json(RedisCache)(Redis()), "serializer"),
        (RedisCache(object()), "needs a redis.Redis"),
    ],
)
def test_a_cache_in_which_nothing_can_be_swapped_is_refused(cache: object, text: str) -> None:
    with pytest.raises(ConfigurationError, match="SESSION_CACHELIB") as raised:
        opened(cache)
    raised.match(text)
