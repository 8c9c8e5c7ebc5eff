"""The store of sessions in cachelib's ``RedisCache``."""

from __future__ import annotations

from typing import Any, Optional

from redis import Redis
from redis.cluster import RedisCluster

from ..settings import ConfigurationError
from .redis import RedisStore
from .store import Conflict, Loaded, Swapped

#: What the cache writes before a pickle.
_MARK = b"!"


class RedisCacheStore:
    """Sessions in a ``RedisCache``, under its prefix and in its layout: a mark, then the pickle."""

    pickles = True

    def __init__(self, cache: Any) -> None:
        """
        :param cache: a ``RedisCache`` that writes pickles.
        :raises ConfigurationError: its client is not one of redis-py.
        """
        client = cache._write_client
        if not isinstance(client, (Redis, RedisCluster)):
            raise ConfigurationError(
                f"SESSION_CACHELIB is a {type(cache).__name__} with a {type(client).__name__}; it needs a redis.Redis "
                "or a redis.cluster.RedisCluster"
            )
        self._cache = cache
        self._redis = RedisStore(client)

    def load(self, key: str, now: float) -> Optional[Loaded]:
        return _unmarked(self._redis.load(self._name(key), now))

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        marked = None if new is None else _MARK + new
        swapped = self._redis.swap(self._name(key), _marked(expected), marked, lifetime, now)
        return Conflict(_unmarked(swapped.current)) if isinstance(swapped, Conflict) else swapped

    def delete(self, key: str, now: float) -> bool:
        return self._redis.delete(self._name(key), now)

    def _name(self, key: str) -> str:
        prefix = self._cache.key_prefix
        return f"{prefix() if callable(prefix) else prefix}{key}"


def _unmarked(stored: Optional[Loaded]) -> Optional[Loaded]:
    """Takes the mark off. What has none was not written by the cache, and is kept to be compared as it is."""
    if stored is None:
        return None
    record = stored.record[len(_MARK) :] if stored.record.startswith(_MARK) else stored.record
    return Loaded(record, stored.expires, stored.record)


def _marked(loaded: Optional[Loaded]) -> Optional[Loaded]:
    if loaded is None:
        return None
    return Loaded(_MARK + loaded.record if loaded.version is None else loaded.version, loaded.expires)
