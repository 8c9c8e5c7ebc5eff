"""A plugin of pytest that runs the public tests of Flask-Session 0.8 with the companion in its place.

Its distribution has no tests, so they are those of a clone, at the tag 0.8.0:

    cd flask-companion
    PYTHONPATH=tests ../tests/.venv/bin/python -m pytest -p in_its_place -c /dev/null CLONE/tests

Each asks first whether the session is of the class that Flask-Session has for the store. Here one class is for all stores, so those
names mean ours; all else that the tests do is theirs. The servers, which they expect on their usual ports and empty, are private
ones. What can't pass is listed with its reason, and is an error if it passes: those look into the interface at their end,
after everything that a visitor can see was right.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List

import flask_session
import flask_session.cachelib
import flask_session.filesystem
import flask_session.memcached
import flask_session.mongodb
import flask_session.redis
import flask_session.sqlalchemy
import pymemcache
import pymongo
import pytest
import redis

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

from flask_session_swap import Session  # noqa: E402
from flask_session_swap.session import SwapSession  # noqa: E402
from servers.memcached import Memcached  # noqa: E402
from servers.mongodb import MongoDb  # noqa: E402
from servers.redis import Redis  # noqa: E402

#: Tests that can't pass, with the reason why.
CANT: Dict[str, str] = {
    "test_cachelib.py::TestCachelibSession::test_filesystem_default": "asks the interface for its cache",
    "test_filesystem.py::TestFileSystemSession::test_filesystem_default": "asks the interface for its cache",
    "test_sqlalchemy.py::TestSQLAlchemy::test_use_signer": "asks the interface for its client and its model of rows",
}

#: Files that can't be imported without a package that this project does not have, with the reason why.
NOT_RUN: Dict[str, str] = {"test_dynamodb.py": "the companion keeps no sessions in DynamoDB"}

SERVERS: List[object] = []


def pytest_configure(config: pytest.Config) -> None:
    flask_session.Session = Session
    for module, name in [
        (flask_session.cachelib, "CacheLibSession"),
        (flask_session.filesystem, "FileSystemSession"),
        (flask_session.memcached, "MemcachedSession"),
        (flask_session.mongodb, "MongoDBSession"),
        (flask_session.redis, "RedisSession"),
        (flask_session.sqlalchemy, "SqlAlchemySession"),
    ]:
        setattr(module, name, SwapSession)
    on_private_servers(config)


def on_private_servers(config: pytest.Config) -> None:
    """Makes clients that are told no address, or the usual one, go to servers of our own."""
    servers = Redis(), Memcached(), MongoDb()
    for server in servers:
        config.add_cleanup(server.stop)
    its_redis, its_memcached, its_mongodb = servers

    class RedisOfOurs(redis.Redis):
        def __init__(self) -> None:
            super().__init__(port=its_redis.port)

    class MemcachedOfOurs(pymemcache.Client):
        def __init__(self, address: object) -> None:
            super().__init__(its_memcached.address)

    class MongoOfOurs(pymongo.MongoClient):  # type: ignore[type-arg]
        def __init__(self) -> None:
            super().__init__(its_mongodb.url)

    redis.Redis, pymemcache.Client, pymongo.MongoClient = RedisOfOurs, MemcachedOfOurs, MongoOfOurs


def pytest_ignore_collect(collection_path: Path) -> "bool | None":
    return True if collection_path.name in NOT_RUN else None


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    for item in items:
        reason = next((CANT[name] for name in CANT if item.nodeid.endswith(name)), None)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
