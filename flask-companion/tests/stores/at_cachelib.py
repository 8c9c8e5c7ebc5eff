"""How a test opens a store in a cache of cachelib; ``at_files`` has the one in a folder."""

from __future__ import annotations

from cachelib.redis import RedisCache
from redis import Redis

from flask_session_swap.stores.cachelib import open_cachelib
from flask_session_swap.stores.store import Store

from . import at_redis
from .place import Place, app_with


def at_redis_server(address: str) -> Store:
    return open_cachelib(app_with(SESSION_CACHELIB=RedisCache(Redis.from_url(address), key_prefix="cached:")))


ON_REDIS = Place(at_redis.ON_SERVER.make, at_redis_server, goes_by_given_time=False)
