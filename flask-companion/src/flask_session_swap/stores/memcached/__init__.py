"""Sessions in memcached, by the servers of a client of pymemcache."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from flask import Flask
from flask_session.defaults import Defaults
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.client.retrying import RetryingClient

from ...settings import ConfigurationError
from .connection import Server
from .store import LONGEST_KEY, MemcachedStore, is_key

__all__ = ["MemcachedStore", "open_memcached"]


def open_memcached(app: Flask) -> MemcachedStore:
    """Opens the store of ``SESSION_TYPE = "memcached"``: the servers of the client that ``SESSION_MEMCACHED`` is.

    The client's own connections are not used: those of the store are made as the client makes its own, and each thread
    has one for itself while it needs it, so that any client of pymemcache will do. With several servers each session
    is on that one where the client looks for it.

    :raises ConfigurationError: it is not a client of which that can be done.
    """
    client = app.config.get("SESSION_MEMCACHED")
    if client is None:
        warnings.warn(
            "SESSION_MEMCACHED names no client: sessions are kept in the memcached at 127.0.0.1:11211",
            RuntimeWarning,
            stacklevel=2,
        )
        client = Client(("127.0.0.1", 11211))
    if isinstance(client, HashClient):
        if not client.clients:
            raise ConfigurationError("SESSION_MEMCACHED is a HashClient without a server")
        servers = {node: _server(one, app) for node, one in client.clients.items()}
        # A copy: the client takes servers out of its own that don't answer, and sessions must not move to others,
        # where they would come back with old contents later.
        return MemcachedStore(servers, copy.deepcopy(client.hasher).get_node)
    if isinstance(client, RetryingClient):
        raise ConfigurationError(
            "SESSION_MEMCACHED is a RetryingClient, which repeats writes whose outcome nobody knows; pass the client "
            "that it was made of"
        )
    if not isinstance(client, (Client, PooledClient)):
        kind = type(client)
        raise ConfigurationError(
            f"SESSION_MEMCACHED is a {kind.__module__}.{kind.__qualname__}, with which sessions can't be compared and "
            'swapped; write SESSION_MEMCACHED = pymemcache.HashClient(["host:port"]) with the same server. Of several '
            "servers each session is then on the one that pymemcache chooses."
        )
    return MemcachedStore({"": _server(client, app)}, lambda key: "")


def _server(client: Any, app: Flask) -> Server:
    if isinstance(client, PooledClient):
        # It connects when it is first used, so this asks no server.
        with client.client_pool.get_and_release() as one:
            client = one
    _check_serializer(client.serde)
    server = Server(client)
    _check_prefix(server, app)
    return server


def _check_prefix(server: Server, app: Flask) -> None:
    prefix = str(app.config.get("SESSION_KEY_PREFIX", Defaults.SESSION_KEY_PREFIX)).encode()
    if not is_key(server.prefix + prefix + b"x" * _AFTER_PREFIX):
        room = LONGEST_KEY - _AFTER_PREFIX - len(server.prefix)
        raise ConfigurationError(
            f"SESSION_KEY_PREFIX has at most {room} bytes, and no blanks: with an id or the list of a user's, "
            f"memcached takes {LONGEST_KEY}"
        )


#: The length of what follows the prefix in the longest keys: ``~user:`` and a SHA-256.
_AFTER_PREFIX = len("~user:") + 64


def _check_serializer(serde: Any) -> None:
    record = b"\x82\xa1\xff\r\n\x00" * 200
    try:
        data, flags = serde.serialize(b"key", record)
        keeps = isinstance(data, bytes) and serde.deserialize("key", data, flags) == record
    except Exception as error:  # whatever an application's own serializer raises
        raise ConfigurationError(f"{_SERIALIZER}, which fails to write bytes; leave out its serde") from error
    if not keeps:
        raise ConfigurationError(f"{_SERIALIZER}, which does not give bytes back as they were; leave out its serde")


_SERIALIZER = "the client in SESSION_MEMCACHED has a serializer"
