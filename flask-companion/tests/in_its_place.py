"""A plugin of pytest that runs the public tests of Flask-Session 0.8 with the companion in its place.

Its distribution has no tests, so they are those of a clone, at the tag 0.8.0:

    cd flask-companion
    ../tests/.venv/bin/python -m pytest -p tests.in_its_place -c /dev/null CLONE/tests

Each asks first whether the session is of the class that Flask-Session has for the store. Here there is one class for
all stores, so those names mean ours; all else that the tests do is theirs. The servers, which they expect on their usual ports and
empty, are private ones. What can't pass is listed with its reason; it is an error if it passes.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Iterator, List

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

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]

from flask_session_swap import Session, SwapSession  # noqa: E402
from servers.memcached import Memcached  # noqa: E402
from servers.mongodb import MongoDb  # noqa: E402
from servers.redis import Redis  # noqa: E402

#: Tests that can't pass, with the reason why.
CANT = {
    "test_cachelib.py::TestCachelibSession::test_filesystem_default":
        "looks into the interface for its cache",
    "test_filesystem.py::TestFileSystemSession::test_filesystem_default":
        "looks into the interface for its cache",
    "test_sqlalchemy.py::TestSQLAlchemy::test_use_signer":
        "looks into the interface for its database and its model of rows",
    "test_dynamodb.py::TestDynamoDBSession::test_dynamodb_default":
        "needs DynamoDB, where the companion keeps no sessions",
}


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
