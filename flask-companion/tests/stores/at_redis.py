"""How a test opens a store in Redis."""

from __future__ import annotations

from redis import Redis
from redis.cluster import RedisCluster

from flask_session_swap.stores.redis import open_redis
from flask_session_swap.stores.store import Store

from .place import Place, app_with


def at_server(address: str) -> Store:
    return open_redis(app_with(SESSION_REDIS=Redis.from_url(address)))


def at_cluster(address: str) -> Store:
    return open_redis(app_with(SESSION_REDIS=RedisCluster.from_url(address)))


ON_SERVER = Place(
    lambda request: str(request.getfixturevalue("redis_server").url), at_server, goes_by_given_time=False
)
ON_CLUSTER = Place(
    lambda request: str(request.getfixturevalue("redis_cluster").url), at_cluster, goes_by_given_time=False
)
