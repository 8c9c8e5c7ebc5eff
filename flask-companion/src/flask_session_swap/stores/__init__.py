"""Stores: one file for each."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Mapping, Tuple

from flask import Flask

from ..settings import ConfigurationError
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

    :raises ConfigurationError: there is none of that name, its client is not installed, or what the configuration says of it
        can't be used.
    """
    if kind not in _STORES:
        near = difflib.get_close_matches(kind, _STORES, n=1)
        meant = f": is {near[0]!r} meant?" if near else f": there are {', '.join(_STORES)}"
        raise ConfigurationError(f"SESSION_TYPE is {kind!r}, which is not a store of this package{meant}")
    name, function = _STORES[kind]
    try:
        module = import_module(name, __name__)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"SESSION_TYPE is {kind!r}, and the client of this store is not installed: pip install "
            f"'flask-session-swap[{kind}]' brings it"
        ) from error
    store: Store = getattr(module, function)(app)
    return store
