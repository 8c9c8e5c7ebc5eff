"""Sessions in Redis or Valkey, on one server, on the master that sentinels name, or on a cluster."""

from __future__ import annotations

import hashlib
import logging
import warnings
from pathlib import Path
from typing import Any, List, Optional, Union

from flask import Flask
from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import ConnectionError, InvalidResponse, NoScriptError, ResponseError

from ..settings import ConfigurationError
from .redis_servers import Command, Unanswered, Unsent, send, servers_of
from .store import Conflict, Done, Loaded, StoreError, Swapped

_log = logging.getLogger(__name__)

#: Of clients that are made here, in seconds. redis-py has them since version 8; before, it waits for ever. A
#: URL may say something else.
_TIMEOUTS: Any = {"socket_timeout": 5, "socket_connect_timeout": 5}


def open_redis(app: Flask) -> RedisStore:
    """Opens the store that ``SESSION_REDIS`` names: a ``redis.Redis``, also one of ``Sentinel.master_for``, a
    ``RedisCluster``, or the URL of a server. Without it that is a Redis on this machine, as in Flask-Session.

    Nothing is connected yet.

    :raises ConfigurationError: it is something else.
    """
    given = app.config.get("SESSION_REDIS")
    if given is None:
        text = "SESSION_REDIS is not set: sessions are kept in the Redis at localhost:6379"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        given = Redis(**_TIMEOUTS)
    if isinstance(given, str):
        try:
            given = Redis.from_url(given, **_TIMEOUTS)
        except ValueError as error:
            raise ConfigurationError(
                "SESSION_REDIS is not the URL of a server, such as redis://user:password@host:6379/0"
            ) from error
    if not isinstance(given, (Redis, RedisCluster)):
        kind = f"{type(given).__module__}.{type(given).__qualname__}"
        raise ConfigurationError(
            f"SESSION_REDIS is a redis.Redis, a redis.cluster.RedisCluster or a server's URL, not a {kind}"
        )
    return RedisStore(given)


class RedisStore:
    """Sessions in Redis or Valkey, version 6.2 or newer, in Flask-Session's layout: one string per session.

    * A load is ``PTTL`` and ``GET`` in one message. A swap is a script that gets the expected record, or of a
      long one its SHA-1. It is the script that Rust runs. Each is about one key.
    * Lives end by the server's clock; the time that calls are given is not used.
    * Whoever removes a record publishes that on a channel of its key, in the same message.
    * It does not matter what ``decode_responses`` and ``retry`` the client has. No write is ever repeated
      whose outcome is open, and what has certainly not happened is tried again for a second.
    """

    #: Records are what ``SESSION_SERIALIZATION_FORMAT`` says.
    pickles = False

    def __init__(self, client: Union[Redis, RedisCluster]) -> None:
        self._servers = servers_of(client)
        self._is_untold = False

    def load(self, key: str, now: float) -> Optional[Loaded]:
        try:
            return self._load(key, now)
        except StoreError as error:
            # It writes nothing, whatever has become of it.
            raise StoreError(str(error), is_open=False) from error.__cause__

    def _load(self, key: str, now: float) -> Optional[Loaded]:
        commands = [b"PTTL", key.encode()], [b"GET", key.encode()]
        try:
            left, record = self._send(key, *commands)
        except _Unanswered as error:
            # The connection was an old one, perhaps; and to read twice is to read once.
            if not isinstance(error.__cause__, ConnectionError):
                raise
            left, record = self._send(key, *commands)
        loaded = _found(record)
        # Below 0, it has no end, or has come between the two commands.
        if loaded is None or not isinstance(left, int) or left < 0:
            return loaded
        return Loaded(loaded.record, expires=now + left / 1000)

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        words = [b"1", key.encode(), *_expectation(expected)]
        if new is None:
            words += [b"", b"", _channel(key)]
        elif lifetime is None:
            words += [new]
        else:
            words += [new, b"%d" % lifetime]
        (answer,) = self._send(key, [b"EVALSHA", _SHA1, *words])
        if isinstance(answer, NoScriptError):
            # With its source, the server keeps it for the next time.
            (answer,) = self._send(key, [b"EVAL", _SOURCE, *words])
        if answer == 1:
            return Done()
        if answer == 2:
            self._note_untold()
            return Done()
        return Conflict(_found(answer))

    def delete(self, key: str, now: float) -> bool:
        deletion, telling = [b"DEL", key.encode()], [b"PUBLISH", _channel(key), b""]
        deleted, told = self._send(key, deletion, beside=telling)
        if isinstance(told, Exception):
            self._note_untold()
        if not isinstance(deleted, int):
            raise _unexpected(deleted)
        return deleted > 0

    def _send(self, key: str, *commands: Command, beside: Optional[Command] = None) -> List[Any]:
        try:
            return send(self._servers, key, *commands, beside=beside)
        except Unsent as error:
            raise StoreError("Redis can't be reached", is_open=False) from _shown(error)
        except Unanswered as error:
            raise _Unanswered("Redis has not answered") from _shown(error)

    def _note_untold(self) -> None:
        """Says, once, that Redis does not let its user tell of removals."""
        if not self._is_untold:
            self._is_untold = True
            _log.warning(
                "The end of a session is noticed in other processes after a while, not at once: Redis has"
                " refused PUBLISH. Give its user the rights &session-ended:* +publish."
            )


class _Unanswered(StoreError):
    """A message was sent, and there is no answer."""


#: Rust runs the same file.
_SOURCE = Path(__file__).with_name("swap.lua").read_bytes()
_SHA1 = hashlib.sha1(_SOURCE, usedforsecurity=False).hexdigest().encode("ascii")

#: Up to so many bytes, the expected record itself is sent. Beyond that it is its SHA-1, which is dearer for
#: both sides, but the network should not carry long records once more.
_SENT_WHOLE = 32 * 1024


def _expectation(expected: Optional[Loaded]) -> List[bytes]:
    if expected is None:
        return [b"absent", b""]
    record = expected.record
    if len(record) <= _SENT_WHOLE:
        return [b"record", record]
    return [b"sha1", hashlib.sha1(record, usedforsecurity=False).hexdigest().encode("ascii")]


def _channel(key: str) -> bytes:
    """Returns the channel on which the removal of a record is told; Rust's ``ended()`` listens to it."""
    return b"session-ended:" + hashlib.sha256(key.encode()).hexdigest().encode("ascii")


def _found(answer: Any) -> Optional[Loaded]:
    """Takes the record out of an answer."""
    if answer is None:
        return None
    if not isinstance(answer, bytes):
        raise _unexpected(answer)
    return Loaded(answer)


def _unexpected(answer: Any) -> StoreError:
    """Returns the error for what should have been a record or a number. It has no text of the server's, which
    may quote."""
    if not isinstance(answer, Exception):
        return StoreError("Redis has answered what nobody has asked for")
    # A client of one server has another class for that in version 5.
    if _name_of(answer) in ("MovedError", "MOVED"):
        text = "is one node of a cluster: make SESSION_REDIS a redis.cluster.RedisCluster"
    else:
        text = f"has refused a command: {_name_of(answer)}"
    return StoreError(f"Redis {text}", is_open=_may_have_written(answer))


def _name_of(refusal: Exception) -> str:
    """Returns the code of a refusal, such as ``WRONGTYPE``, or redis-py's name for it."""
    word = str(refusal).partition(" ")[0]
    is_code = len(word) <= 16 and word.isascii() and word.isalpha() and word.isupper()
    return word if type(refusal) is ResponseError and is_code else type(refusal).__name__


def _may_have_written(refusal: Exception) -> bool:
    """Tells whether somebody between us and the server may have made this error, after it was done there."""
    if type(refusal) is not ResponseError or _name_of(refusal) != "ResponseError":
        return False
    of_server = ("error running script", "error compiling script", "unknown command")
    return not str(refusal).lower().startswith(of_server)


def _shown(error: Exception) -> Optional[BaseException]:
    """Returns what has led to an error, if it quotes nothing of a record."""
    cause = error.__cause__
    return None if isinstance(cause, (InvalidResponse, ResponseError, UnicodeError)) else cause
