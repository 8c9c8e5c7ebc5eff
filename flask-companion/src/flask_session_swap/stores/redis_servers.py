"""The way of a command to the Redis server that has its key, by an application's client.

A client repeats a command of which it has got no answer, also one that was done. Here nothing is repeated but
what has certainly not happened. So commands go by the client's connections, past the client itself; its
settings stay: timeouts, login, TLS, who the master is, and how often it tries to connect.
"""

from __future__ import annotations

import time
from typing import Any, List, Optional, Protocol, Sequence, Union

from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

#: What has certainly not happened is tried again for so many seconds.
_PATIENCE = 1.0
#: The pauses before that, in seconds: the first, and the longest.
_PAUSES = 0.02, 0.2
#: So many redirects are followed without a pause.
_REDIRECTS = 5

#: A command's words.
Command = Sequence[bytes]


class Unsent(Exception):
    """There was no connection to a server that has the key, so nothing has happened. The cause is chained."""


class Unanswered(Exception):
    """The commands were sent and not answered. Nobody knows what has happened. The cause is chained."""


class Servers(Protocol):
    """The server or the servers of a client."""

    def pool_of(self, key: str) -> Any:
        """Returns the connections to the server that has a key. It may raise whatever the client does."""

    def has_refused(self, refusal: Exception) -> bool:
        """Notes that a server has refused, and returns whether another one may not, or the same one later."""

    def is_away(self) -> bool:
        """Notes that a server is away, and returns whether another one may have its keys by now."""

    def pool_named(self, redirect: AskError) -> Any:
        """Returns the connections to the server that a redirect names."""


def servers_of(client: Union[Redis, RedisCluster]) -> Servers:
    """Returns the servers of a client."""
    return _Cluster(client) if isinstance(client, RedisCluster) else _One(client)


def send(servers: Servers, key: str, *commands: Command, beside: Optional[Command] = None) -> List[Any]:
    """Sends commands about one key as one message. Returns the answers: bytes, numbers, nothing, or refusals.

    :param beside: a last command, which is sent along. Whether a server refuses it decides nothing.
    :raises Unsent: nothing has happened.
    :raises Unanswered: nobody knows what has happened.
    """
    message = [*commands, beside] if beside else list(commands)
    end, pause, redirects = time.monotonic() + _PATIENCE, _PAUSES[0], 0
    asked = None
    while True:
        try:
            try:
                pool = asked or servers.pool_of(key)
            except Exception as error:
                raise Unsent from error
            answers = _exchange(pool, message, is_asking=asked is not None)
        except Unsent:
            if time.monotonic() + pause >= end or not servers.is_away():
                raise
            asked, redirect = None, None
        else:
            refusals = (answer for answer in answers[: len(commands)] if isinstance(answer, Exception))
            refusal = next(refusals, None)
            if refusal is None or not servers.has_refused(refusal) or time.monotonic() + pause >= end:
                return answers
            # A key's new server is known from now on. One that gets it just now has this message alone.
            redirect = refusal if isinstance(refusal, AskError) else None
            is_moved = isinstance(redirect, MovedError)
            asked = servers.pool_named(redirect) if redirect is not None and not is_moved else None
            redirects += 1
        if redirect is None or redirects % _REDIRECTS == 0:
            time.sleep(pause)
            pause = min(pause * 1.5, _PAUSES[1])


class _One:
    """One server, or the master that sentinels name."""

    def __init__(self, client: Redis) -> None:
        self._pool = client.connection_pool

    def pool_of(self, key: str) -> Any:
        return self._pool

    def has_refused(self, refusal: Exception) -> bool:
        return isinstance(refusal, BusyLoadingError) or is_read_only(refusal) or is_not_now(refusal)

    def is_away(self) -> bool:
        # The client has tried to connect as often as it is told to.
        return False

    def pool_named(self, redirect: AskError) -> Any:
        return self._pool


class _Cluster:
    """The masters of a cluster."""

    def __init__(self, client: RedisCluster) -> None:
        # Half of it has no types.
        self._client: Any = client
        self._nodes: Any = client.nodes_manager

    def pool_of(self, key: str) -> Any:
        node = self._nodes.get_node_from_slot(self._client.keyslot(key))
        return self._client.get_redis_connection(node).connection_pool

    def has_refused(self, refusal: Exception) -> bool:
        if isinstance(refusal, MovedError):
            # Until version 7 it had another name.
            moved = getattr(self._nodes, "move_slot", None) or self._nodes.update_moved_exception
            moved(refusal)
        elif isinstance(refusal, ClusterDownError) or is_read_only(refusal):
            self._look()
        elif not isinstance(refusal, (AskError, TryAgainError, BusyLoadingError)):
            return is_not_now(refusal)
        return True

    def is_away(self) -> bool:
        self._look()
        return True

    def pool_named(self, redirect: AskError) -> Any:
        node = self._client.get_node(host=redirect.host, port=redirect.port)
        if node is None:
            self._look()
            node = self._client.get_node(host=redirect.host, port=redirect.port)
        # Whoever names a node that nobody knows is asked again.
        return self._client.get_redis_connection(node).connection_pool if node else None

    def _look(self) -> None:
        """Asks the nodes who has which keys."""
        try:
            self._nodes.initialize()
        except Exception:
            # Nobody knows yet. Who needs it meets the same error, or finds what was known before.
            pass


def is_read_only(refusal: Exception) -> bool:
    """Tells whether a server is a replica, which does not write. Redis 6.2 hides that in a script's error."""
    return isinstance(refusal, ReadOnlyError) or (
        str(refusal).startswith("Error running script") and " -READONLY " in str(refusal)
    )


def is_not_now(refusal: Exception) -> bool:
    """Tells whether a server can't do it now, for a reason of its own."""
    return str(refusal).startswith(("NOREPLICAS ", "MASTERDOWN "))


def _exchange(pool: Any, message: List[Command], is_asking: bool) -> List[Any]:
    """Sends a message on a connection, once, and returns the answers to its commands."""
    try:
        connection = pool.get_connection()
    except Exception as error:
        raise Unsent from error
    is_clean = False
    try:
        try:
            # One that was silent for long is asked for a sign of life if the client is told to.
            connection.check_health()
            # Each command needs it, since it counts for the next one alone.
            words = message
            if is_asking:
                words = [word for command in message for word in ((b"ASKING",), command)]
            packed = [_packed(words)]
        except Exception as error:
            raise Unsent from error
        try:
            connection.send_packed_command(packed, check_health=False)
            answers = [_answer(connection) for _ in words]
        except _Closing as closing:
            return [closing.refusal] * len(message)
        except Exception as error:
            raise Unanswered from error
        # By the next one, there may be another master.
        is_clean = not any(isinstance(answer, Exception) and is_read_only(answer) for answer in answers)
        return answers[1::2] if is_asking else answers
    finally:
        # An answer that comes later is nobody's.
        if not is_clean:
            connection.disconnect()
        pool.release(connection)


def _packed(commands: List[Command]) -> bytes:
    """Writes commands in Redis's protocol. As one piece: redis-py makes five of a long record, and sends each by a call of
    its own."""
    parts: List[bytes] = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for word in command:
            parts += (b"$%d\r\n" % len(word), word, b"\r\n")
    return b"".join(parts)


class _Closing(Exception):
    """A server has refused, and its connection is closed for that."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self.refusal = refusal


def _answer(connection: Any) -> Any:
    try:
        # As bytes, also where the client makes texts of answers.
        return connection.read_response(disable_decoding=True)
    except ResponseError as refusal:
        return refusal
    except (BusyLoadingError, AuthenticationError) as refusal:
        raise _Closing(refusal) from None
    except ConnectionError as error:
        # A connection by sentinels has another error for that.
        if isinstance(error.__context__, ReadOnlyError):
            raise _Closing(error.__context__) from None
        raise
