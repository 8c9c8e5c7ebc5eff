"""The store of sessions in memcached."""

from __future__ import annotations

import re
from typing import Callable, Mapping, NamedTuple, Optional

from ..store import Conflict, Done, Loaded, StoreError, Swapped
from .connection import Answer, Server
from .item import expiry, expiry_at, room_for_record

#: The greatest length of a key in bytes.
LONGEST_KEY = 250

#: What the protocol takes for a key, and every client.
_KEY = re.compile(rb"[^\x00-\x20\x7f]{1,%d}" % LONGEST_KEY)


class MemcachedStore:
    """Sessions in memcached 1.6 or newer, in Flask-Session's layout: an item for each, with the record as it is.

    * A load is one command. A swap is one command with the item's *cas* number, and a further load where others were
      faster. One that keeps the record's end names what was left of its life when it was loaded: the server can't keep
      it by itself.
    * A record has to fit into an item of the server. A larger one is refused before it is sent, since memcached answers
      it by dropping the old one.
    * Of several servers one that is down is an error for its sessions; they don't move to another one.

    memcached is a cache: it drops the sessions that were not used for the longest time when its memory is full, and all
    of them when it ends.
    """

    def __init__(self, servers: Mapping[str, Server], node: Callable[[str], str]) -> None:
        """
        :param servers: the servers by their names.
        :param node: the name of the server that has a key.
        """
        self._servers = servers
        self._node = node

    def load(self, key: str, now: float) -> Optional[Loaded]:
        item = self._item(key)
        return None if item is None else _get(item, now)

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        item = self._item(key)
        if item is None:
            raise StoreError("memcached has no keys of more than 250 bytes, or with blanks", is_open=False)
        if expected is None:
            return _create(item, new, lifetime or 1, now)
        return _change(item, expected, new, lifetime, now)

    def delete(self, key: str, now: float) -> bool:
        item = self._item(key)
        return item is not None and isinstance(_remove(item, None), Done)

    def _item(self, key: str) -> Optional[_Item]:
        """Returns where a key's item is; ``None`` for a key that no item can have."""
        server = self._servers[self._node(key)]
        name = server.prefix + key.encode()
        return _Item(server, key, name) if is_key(name) else None


def is_key(name: bytes) -> bool:
    """Tells whether an item can have this key."""
    return _KEY.fullmatch(name) is not None


class _Item(NamedTuple):
    server: Server
    #: As the client is given it.
    key: str
    #: As the server is given it.
    name: bytes


def _create(item: _Item, new: Optional[bytes], lifetime: int, now: float) -> Swapped:
    if new is not None:
        written = _set(item, None, new, expiry(now, lifetime))
        if isinstance(written, Done):
            return written
    current = _get(item, now)
    return Done() if current is None and new is None else Conflict(current)


def _change(
    item: _Item, expected: Loaded, new: Optional[bytes], lifetime: Optional[int], now: float
) -> Swapped:
    version, expires = expected.version, expected.expires
    if new is not None and lifetime is None and expires is None:
        # Its end is to be kept, and has to be asked for first.
        version = None
    while True:
        if version is not None:
            if new is None:
                swapped = _remove(item, version)
            else:
                life = expiry_at(now, expires) if lifetime is None else expiry(now, lifetime)
                swapped = _set(item, version, new, life)
            if swapped is not None:
                return swapped
        # A Flask application that refreshes a session writes the same bytes under another number.
        current = _get(item, now)
        if current is None or current.record != expected.record:
            return Conflict(current)
        version, expires = current.version, current.expires


def _get(item: _Item, now: float) -> Optional[Loaded]:
    answer = item.server.ask(b"mg " + item.name + b" v t c f", writes=False)
    if answer.status == b"EN":
        return None
    if answer.status != b"VA":
        raise StoreError("memcached answered something else than an item", is_open=False)
    cas = _number(answer, b"c")
    if cas is None:
        raise StoreError("memcached answered an item without its cas number", is_open=False)
    left = _number(answer, b"t")
    # Without an end it says -1.
    expires = now + left if left is not None and left >= 0 else None
    return Loaded(_record(item, answer), expires, cas)


def _set(item: _Item, replaces: Optional[int], record: bytes, life: int) -> Optional[Swapped]:
    """Writes a new item, or replaces the one with this cas number. Returns ``None`` if another one is there."""
    data, flags = item.server.serde.serialize(item.name, record)
    room = room_for_record(item.server.limit(), item.name)
    if len(data) > room:
        text = f"the record has {len(data)} bytes, more than the {room} for which an item of memcached has room"
        raise StoreError(text, is_open=False)
    mode = b"ME" if replaces is None else b"C%d" % replaces
    command = b"ms %b %d c T%d F%d %b\r\n%b" % (item.name, len(data), life, flags, mode, data)
    return _swapped(item.server.ask(command, writes=True))


def _remove(item: _Item, cas: Optional[int]) -> Optional[Swapped]:
    compare = b"" if cas is None else b" C%d" % cas
    return _swapped(item.server.ask(b"md " + item.name + compare, writes=True))


def _swapped(answer: Answer) -> Optional[Swapped]:
    """Returns the result of a write; ``None`` if the server holds another item."""
    if answer.status == b"HD":
        return Done(_number(answer, b"c"))
    if answer.status == b"NF":
        return Conflict(None)
    if answer.status in (b"NS", b"EX"):
        return None
    raise StoreError("memcached answered something else than the result of a write")


def _record(item: _Item, answer: Answer) -> bytes:
    try:
        record = item.server.serde.deserialize(item.key, answer.value, _number(answer, b"f") or 0)
    except Exception:  # whatever an application's own serializer raises of what it has not written
        return answer.value
    if isinstance(record, str):
        return record.encode()
    # What is not of bytes was written by nobody who keeps sessions.
    return record if isinstance(record, bytes) else answer.value


def _number(answer: Answer, flag: bytes) -> Optional[int]:
    try:
        return int(answer.flags[flag])
    except (KeyError, ValueError):
        return None
