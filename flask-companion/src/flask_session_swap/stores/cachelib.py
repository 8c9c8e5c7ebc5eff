"""Sessions in the caches of cachelib that can be compared and swapped."""

from __future__ import annotations

import warnings

from cachelib.base import NullCache
from cachelib.file import FileSystemCache
from cachelib.redis import RedisCache
from cachelib.serializers import RedisSerializer
from cachelib.simple import SimpleCache
from flask import Flask

from ..settings import ConfigurationError
from .files import of_cache, pickles
from .simple import SimpleStore
from .store import Store

#: The folder and the threshold where the configuration names no cache, as in Flask-Session.
_FOLDER, _THRESHOLD = "flask_session", 500


def open_cachelib(app: Flask) -> Store:
    """Opens the store of ``SESSION_TYPE = "cachelib"``: of the cache that ``SESSION_CACHELIB`` is.

    :raises ConfigurationError: sessions in this cache can't be compared and swapped.
    """
    cache = app.config.get("SESSION_CACHELIB")
    if cache is None:
        warnings.warn(
            f"SESSION_CACHELIB names no cache: sessions are kept in files in the folder {_FOLDER!r}",
            RuntimeWarning,
            stacklevel=2,
        )
        # Without a threshold the cache does not look through all files when it is made.
        return of_cache(FileSystemCache(_FOLDER, threshold=0), threshold=_THRESHOLD)
    if isinstance(cache, FileSystemCache):
        return of_cache(cache)
    if isinstance(cache, SimpleCache):
        if not pickles(cache):
            raise ConfigurationError(_SERIALIZER)
        return SimpleStore(cache)
    if isinstance(cache, RedisCache):
        if type(cache.serializer) is not RedisSerializer:
            raise ConfigurationError(_SERIALIZER)
        # The client is needed for this cache alone.
        from .redis_cache import RedisCacheStore

        return RedisCacheStore(cache)
    kind = type(cache).__name__
    if isinstance(cache, NullCache):
        raise ConfigurationError("SESSION_CACHELIB is a NullCache, which keeps no sessions")
    raise ConfigurationError(f"SESSION_CACHELIB is a {kind}, {_REFUSED.get(kind, _UNKNOWN)}")


_SERIALIZER = "the cache in SESSION_CACHELIB has a serializer of its own; sessions in it are pickles"

_UNKNOWN = (
    "in which sessions can't be compared and swapped; use a FileSystemCache, a RedisCache or a SimpleCache, or another "
    "SESSION_TYPE"
)

_REFUSED = {
    "MemcachedCache": "which can't compare and swap; write SESSION_TYPE = \"memcached\" and SESSION_MEMCACHED = "
    'pymemcache.HashClient(["host:port"]): other sessions are then begun',
    "MongoDbCache": "which can't compare and swap; write SESSION_TYPE = \"mongodb\" and SESSION_MONGODB = "
    "pymongo.MongoClient(…): other sessions are then begun",
    "ValkeyCache": "which can't be used here; a RedisCache with a client of redis-py finds the same sessions",
}
