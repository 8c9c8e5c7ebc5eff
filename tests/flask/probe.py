"""The Flask twin of the probe: the same requests, answered by the real Flask and Flask-Session.

Configured by environment variables:

PROBE_PORT    port on 127.0.0.1 (required)
PROBE_ENGINE  `flask` for the signed cookie (default), `flask_session` for records in one of these places, or
              `companion` for the same records by our package of `flask-companion`
  PROBE_REDIS      address of the Redis server, such as redis://127.0.0.1:6379/0
  PROBE_SENTINEL   address of a master that sentinels name, such as
                   redis+sentinel://:password@127.0.0.1:26379,127.0.0.1:26380/sessions/0?sentinel_password=password
  PROBE_CLUSTER    address of a node of a Redis Cluster, such as redis://127.0.0.1:7000
  PROBE_MEMCACHED  address of the memcached server, such as 127.0.0.1:11211
  PROBE_MONGODB    address of the MongoDB server, such as mongodb://127.0.0.1:27017
  PROBE_SQL        address of a database, such as sqlite:////tmp/sessions.db
  PROBE_FILES      folder of cachelib's files
PROBE_CONFIG  Flask's, Flask-Session's and the companion's keys as a JSON object of typed values, such as
              {"SECRET_KEY": "dev-secret-key", "SESSION_SERIALIZATION_FORMAT": "json", "SESSION_USE_SIGNER": true}

Request headers: `X-Probe-Now` sets the clock that the session code sees (unix seconds, a fraction is allowed);
`X-Probe-Sid` is taken, once, where Flask-Session would make a random session id.
`GET /health` answers `ok` once the server is ready.
"""

import json
import logging
import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cachelib.file import FileSystemCache
from flask import Flask, request
from flask_session import Session
from pymemcache.client.base import PooledClient
from pymongo import MongoClient
from redis import Redis, RedisCluster
from redis.sentinel import Sentinel
from werkzeug.serving import WSGIRequestHandler, make_server

import clock
import fields
import operations
import tokens
from typed_values import from_typed


COMPANION = Path(__file__).resolve().parents[2] / "flask-companion/src"


def store(cluster_at):
    match os.environ:
        case {"PROBE_MEMCACHED": address}:
            # By default it answers before the record is written.
            return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": PooledClient(address, default_noreply=False)}
        case {"PROBE_MONGODB": address}:
            return {"SESSION_TYPE": "mongodb", "SESSION_MONGODB": MongoClient(address)}
        case {"PROBE_SENTINEL": address}:
            return {"SESSION_TYPE": "redis", "SESSION_REDIS": master(urlsplit(address))}
        case {"PROBE_CLUSTER": address}:
            return {"SESSION_TYPE": "redis", "SESSION_REDIS": cluster_at(address)}
        case {"PROBE_SQL": address}:
            return {"SESSION_TYPE": "sqlalchemy", "SQLALCHEMY_DATABASE_URI": address}
        case {"PROBE_FILES": folder}:
            # Above a threshold it removes sessions that are alive.
            return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": FileSystemCache(folder, threshold=0)}
        case environment:
            return {"SESSION_TYPE": "redis", "SESSION_REDIS": Redis.from_url(environment["PROBE_REDIS"])}


class ClusterAsRedis(Redis):
    """A cluster, as Flask-Session accepts it: it takes instances of Redis alone, and a RedisCluster is not one."""

    def __init__(self, address):
        super().__init__()
        self.cluster = RedisCluster.from_url(address)

    def execute_command(self, *words, **options):
        return self.cluster.execute_command(*words, **options)


def master(address):
    """The master that sentinels name. redis-py has no URL for it."""
    login, _, hosts = address.netloc.rpartition("@")
    _, name, database = address.path.split("/")
    own_login = {key.removeprefix("sentinel_"): value for key, value in parse_qsl(address.query)}
    sentinel = Sentinel([host.split(":") for host in hosts.split(",")], sentinel_kwargs=own_login)
    return sentinel.master_for(name, db=int(database), password=login.partition(":")[2] or None)


def keep_sessions_in_a_store(app):
    app.config.update(store(ClusterAsRedis))
    Session(app)
    take_given_ids(app)


def keep_sessions_by_the_companion(app):
    sys.path.insert(0, str(COMPANION))
    import flask_session_swap

    clock.install_in(flask_session_swap.clock)
    app.config.update(store(RedisCluster.from_url))
    # As the probe's state says it.
    app.config.setdefault("SESSION_LOGIN_KEY", "username")
    app.config.setdefault("SESSION_MERGE", {"counter": "add", "tags": "union", "high": "max", "strict": "refuse"})
    flask_session_swap.Session(app)
    if app.config.get("SESSION_LISTED"):
        import devices

        app.register_blueprint(devices.routes)
    take_given_ids(app)


def take_given_ids(app):
    random_id = app.session_interface._generate_sid

    def given_or_random_id(length):
        return request.environ.pop("HTTP_X_PROBE_SID", None) or random_id(length)

    app.session_interface._generate_sid = given_or_random_id


def make_app():
    app = Flask(__name__)
    config = json.loads(os.environ.get("PROBE_CONFIG", "{}"))
    app.config.update({key: from_typed(value) for key, value in config.items()})
    match os.environ.get("PROBE_ENGINE", "flask"):
        case "flask":
            pass
        case "flask_session":
            keep_sessions_in_a_store(app)
        case "companion":
            keep_sessions_by_the_companion(app)
        case other:
            raise SystemExit(f"PROBE_ENGINE={other}: there are the engines `flask`, `flask_session` and `companion`")
    clock.install(app)
    app.register_blueprint(operations.routes)
    app.register_blueprint(fields.routes)
    tokens.install(app)

    @app.get("/health")
    def health():
        return "ok"

    return app


class KeepAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


def serve(app):
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = int(os.environ["PROBE_PORT"])
    make_server("127.0.0.1", port, app, threaded=True, request_handler=KeepAlive).serve_forever()


if __name__ == "__main__":
    serve(make_app())
