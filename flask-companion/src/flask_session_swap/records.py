"""Records as bytes, in the formats of Flask-Session."""

from __future__ import annotations

import pickle
from typing import Any, Mapping, Optional, Protocol, Union

import msgspec

from .settings import ConfigurationError


class Format(Protocol):
    """A way to write sessions."""

    def encode(self, data: Mapping[str, Any]) -> bytes:
        """Writes a session. Raises what the format raises for a value that it can't hold."""

    def decode(self, record: bytes) -> Optional[dict[str, Any]]:
        """Reads a session; ``None`` for a record that says "nothing". Raises ``ValueError`` for what is not a session."""

    def same(self, one: object, other: object) -> bool:
        """Tells whether the same would be stored of two values."""


class Msgspec:
    """Msgpack or JSON, by msgspec. A record in the other one of the two, or a pickle of an old release, is read as well."""

    def __init__(self, name: str) -> None:
        self._encoder: Union[msgspec.msgpack.Encoder, msgspec.json.Encoder]
        self._decoders: list[Any]
        msgpack, json = msgspec.msgpack.Decoder(), msgspec.json.Decoder()
        if name == "msgpack":
            self._encoder, self._decoders = msgspec.msgpack.Encoder(), [msgpack, json]
        elif name == "json":
            self._encoder, self._decoders = msgspec.json.Encoder(), [json, msgpack]
        else:
            raise ConfigurationError('SESSION_SERIALIZATION_FORMAT is "msgpack" or "json"')

    def encode(self, data: Mapping[str, Any]) -> bytes:
        return self._encoder.encode(data)

    def decode(self, record: bytes) -> Optional[dict[str, Any]]:
        for decoder in self._decoders:
            try:
                return _session(decoder.decode(record))
            except msgspec.DecodeError:
                pass
            except UnicodeDecodeError as error:
                raise ValueError("a record has text that is not UTF-8") from error
            except RecursionError as error:
                # What was written with more of Python's stack than is left to read it.
                raise ValueError("a record is too deep") from error
        return _unpickled(record)

    def same(self, one: object, other: object) -> bool:
        return one is other or self._encoder.encode(one) == self._encoder.encode(other)


class Pickle:
    """Pickles, as cachelib writes them. Any value of Python's can be in one."""

    def encode(self, data: Mapping[str, Any]) -> bytes:
        return pickle.dumps(dict(data), pickle.HIGHEST_PROTOCOL)

    def decode(self, record: bytes) -> Optional[dict[str, Any]]:
        return _unpickled(record)

    def same(self, one: object, other: object) -> bool:
        # Two pickles of one value may differ: they name what occurs twice.
        if type(one) is not type(other):
            return False
        if isinstance(one, dict) and isinstance(other, dict):
            return len(one) == len(other) and all(
                key in other and self.same(value, other[key]) for key, value in one.items()
            )
        if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
            return len(one) == len(other) and all(map(self.same, one, other))
        return one is other or _are_equal(one, other) or pickle.dumps(one, 5) == pickle.dumps(other, 5)


def _are_equal(one: object, other: object) -> bool:
    """Tells whether two values say that they are equal. Arrays and tables say it of each item, or fail, and objects that
    don't compare are equal to nothing."""
    try:
        return (one == other) is True
    except Exception:  # whatever the class of the value raises
        return False


def _unpickled(record: bytes) -> Optional[dict[str, Any]]:
    try:
        return _session(pickle.loads(record))
    except Exception as error:  # whatever the classes in it raise
        raise ValueError("a record is not of a format that is known") from error


def _session(decoded: Any) -> Optional[dict[str, Any]]:
    if decoded is None:
        return None
    if not isinstance(decoded, dict):
        raise ValueError("a record is not a session")
    return decoded
