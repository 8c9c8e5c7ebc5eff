"""Servers of the tests: one of each kind for all of them, started when the first test asks for it."""

from __future__ import annotations

from typing import Iterator

import pytest
import redis as redis_py

from servers.mariadb import MariaDb
from servers.memcached import Memcached
from servers.mongodb import MongoDb
from servers.postgres import Postgres
from servers.redis import Redis, RedisCluster


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: Redis) -> Iterator[redis_py.Redis]:
    """A client of an empty server."""
    with redis_py.Redis.from_url(redis_server.url) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    cluster = RedisCluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def memcached_server() -> Iterator[Memcached]:
    server = Memcached()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDb]:
    server = MariaDb()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[MongoDb]:
    server = MongoDb()
    yield server
    server.stop()
