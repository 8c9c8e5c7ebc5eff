"""Stores: one file for each."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Mapping, Tuple

from flask import Flask

from .store import Store

#: The module of each store by its ``SESSION_TYPE``, and the function there that opens it.
_STORES: Mapping[str, Tuple[str, str]] = {
    "redis": (".redis", "open_redis"),
    "sqlalchemy": (".sql", "open_sql"),
    "memcached": (".memcached", "open_memcached"),
    "mongodb": (".mongodb", "open_mongodb"),
    "filesystem": (".files", "open_files"),
    "cachelib": (".cachelib", "open_cachelib"),
}


def open_store(kind: str, app: Flask) -> Store:
    """Opens the store that ``SESSION_TYPE`` names.

    :raises ValueError: there is none of that name, or what the configuration says of it can't be used.
    """
    if kind not in _STORES:
        near = difflib.get_close_matches(kind, _STORES, n=1)
        meant = f": is {near[0]!r} meant?" if near else f": there are {', '.join(_STORES)}"
        raise ValueError(f"SESSION_TYPE is {kind!r}, which is not a store of this package{meant}")
    module, function = _STORES[kind]
    store: Store = getattr(import_module(module, __name__), function)(app)
    return store
