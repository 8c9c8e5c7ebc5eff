"""How a test opens a store in memcached."""

from __future__ import annotations

from pymemcache.client.base import Client

from flask_session_swap.stores.memcached import open_memcached
from flask_session_swap.stores.store import Store

from .place import Place, app_with


def at(address: str) -> Store:
    return open_memcached(app_with(SESSION_MEMCACHED=Client(address)))


ON_SERVER = Place(
    lambda request: str(request.getfixturevalue("memcached_server").address), at, goes_by_given_time=False
)
