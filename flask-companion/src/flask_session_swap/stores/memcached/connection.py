"""Connections to one memcached, which speak its meta protocol."""

from __future__ import annotations

import copy
import os
import re
import select
from typing import Any, Dict, List, NamedTuple, Optional

from pymemcache.exceptions import MemcacheError

from ..store import StoreError

#: For how many seconds an answer is waited for if the client has no limit of its own.
_PATIENCE = 3.0

#: The number of connections that are kept while nobody needs them.
_IDLE = 64

#: The size of items in bytes if the server does not tell another.
_DEFAULT_LIMIT = 1024 * 1024

#: The first release that speaks the meta protocol.
_FIRST_RELEASE = (1, 6)

_LINE_END = b"\r\n"


class Answer(NamedTuple):
    """The answer to a command of the meta protocol."""

    #: Two letters.
    status: bytes
    #: What was asked for, by its letter.
    flags: Dict[bytes, bytes]
    value: bytes = b""


class Server:
    """A server, and the connections to it. Each call has one of them for itself."""

    def __init__(self, client: Any) -> None:
        """:param client: the client of pymemcache whose settings the connections have. It is not used itself."""
        self._client = copy.copy(client)
        # The client's own connection stays with it.
        self._client.sock = None
        self._client.ignore_exc = False
        self._client.timeout = client.timeout or _PATIENCE
        self._client.connect_timeout = client.connect_timeout or self._client.timeout
        self.prefix: bytes = client.key_prefix
        self._address = "%s:%s" % client.server if isinstance(client.server, tuple) else str(client.server)
        #: Writes and reads values as the client does.
        self.serde = client.serde
        self._idle: List[_Connection] = []
        self._process = os.getpid()
        self._limit: Optional[int] = None

    def limit(self) -> int:
        """Returns the size of the largest item in bytes.

        :raises StoreError: the server can't be asked.
        """
        if self._limit is None:
            self._keep(self._take())
        return self._limit or _DEFAULT_LIMIT

    def ask(self, command: bytes, *, writes: bool) -> Answer:
        """Sends a command, without its line end, and returns the answer.

        :param writes: an answer that does not come leaves open what has happened.
        :raises StoreError: there is no answer, or it is an error.
        """
        connection = self._take()
        try:
            answer = connection.ask(command, writes)
        except BaseException as error:  # also what stops a thread: the answer to this would be taken for another's
            connection.close()
            if isinstance(error, OSError):
                text = f"the connection to memcached at {self._address} failed"
                raise StoreError(text, is_open=writes) from error
            raise
        self._keep(connection)
        return answer

    def _take(self) -> _Connection:
        if self._process != os.getpid():
            # Those of the process from which this one was forked: their answers are its answers.
            self._process, self._idle = os.getpid(), []
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if connection.is_silent():
                return connection
            connection.close()

    def _keep(self, connection: _Connection) -> None:
        if len(self._idle) < _IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> _Connection:
        client = copy.copy(self._client)
        try:
            release = re.match(rb"(\d+)\.(\d+)", client.version())
            if release and tuple(map(int, release.groups())) < _FIRST_RELEASE:
                raise StoreError("memcached 1.6 or newer is needed, for its meta protocol", is_open=False)
            if self._limit is None:
                self._limit = _item_limit(client)
            return _Connection(client)
        except (OSError, MemcacheError) as error:
            client.close()
            raise StoreError(f"memcached at {self._address} can't be reached", is_open=False) from error
        except BaseException:
            client.close()
            raise


def _item_limit(client: Any) -> int:
    try:
        settings = client.stats("settings")
    except MemcacheError:  # one that does not list its settings has the defaults; its connection is a new one now
        client.version()
        settings = {}
    # Releases of pymemcache differ in whether they make something of the word.
    if settings.get(b"cas_enabled") in (b"no", False):
        raise StoreError("memcached runs without compare-and-swap; start it without the option -C", is_open=False)
    limit = settings.get(b"item_size_max")
    return limit if isinstance(limit, int) else _DEFAULT_LIMIT


class _Connection:
    """A connection that a client of pymemcache has made."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._socket = client.sock
        self._answers = client.sock.makefile("rb")

    def ask(self, command: bytes, writes: bool) -> Answer:
        self._socket.sendall(command + _LINE_END)
        line: bytes = self._answers.readline()
        if not line.endswith(_LINE_END):
            raise ConnectionResetError("memcached has closed the connection")
        words = line.split()
        if len(words) > 1 and words[0] == b"VA" and words[1].isdigit():
            size = int(words[1]) + len(_LINE_END)
            value: bytes = self._answers.read(size)
            if len(value) != size:
                raise ConnectionResetError("memcached has closed the connection")
            return Answer(words[0], _flags(words[2:]), value[: -len(_LINE_END)])
        if words and len(words[0]) == 2 and words[0] != b"VA":
            return Answer(words[0], _flags(words[1:]))
        raise _refused(line, writes)

    def is_silent(self) -> bool:
        """Tells whether the server has sent nothing since the last answer, and has not closed the connection."""
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return not poll.poll(0)
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._answers.close()
        self._client.close()


def _flags(words: List[bytes]) -> Dict[bytes, bytes]:
    return {word[:1]: word[1:] for word in words}


def _refused(line: bytes, writes: bool) -> StoreError:
    """Makes the error of an answer that is none. Its own text may quote what was sent."""
    if line.startswith(b"SERVER_ERROR object too large"):
        # The server has dropped the item that was there.
        return StoreError("the record is too large for an item of memcached", is_open=True)
    if line.startswith(b"SERVER_ERROR out of memory"):
        return StoreError("memcached is out of memory", is_open=writes)
    if line.startswith(b"SERVER_ERROR"):
        return StoreError("memcached answered an error of its own", is_open=writes)
    if line.startswith((b"ERROR", b"CLIENT_ERROR")):
        return StoreError("memcached refused a command", is_open=False)
    return StoreError("memcached gave an answer that is not one of its meta protocol", is_open=writes)
