"""The protocol of all stores: records of bytes under a key, which are swapped only if they are still what was loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Protocol, Union


@dataclass(frozen=True)
class Loaded:
    """A record as it is stored."""

    record: bytes
    #: When it ends, in Unix seconds; ``None`` if the store can't tell.
    expires: Optional[float] = None
    #: What the store compares instead of the bytes, if it has something better.
    version: Any = None


@dataclass(frozen=True)
class Done:
    """A swap has happened."""

    #: That of the record which was written.
    version: Any = None


@dataclass(frozen=True)
class Conflict:
    """A swap has not happened: the record is another one than was expected."""

    #: The record that is stored, if there is one.
    current: Optional[Loaded]


Swapped = Union[Done, Conflict]


class StoreError(Exception):
    """The store can't be used, or has not done what it was asked for. Its cause is chained."""

    #: Nobody knows whether the call has written: it is not to be repeated.
    is_open: bool

    def __init__(self, message: str, *, is_open: bool = True) -> None:
        super().__init__(message)
        self.is_open = is_open


class Store(Protocol):
    """A store of records, which threads share. A key is the prefix and the session's id, of ASCII characters.

    Every failure is a ``StoreError``. Times are Unix seconds, lives are whole seconds of at least one.
    """

    def load(self, key: str, now: float) -> Optional[Loaded]:
        """Returns the record under a key, in one round trip. One whose end has come is absent."""

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        """Replaces the record under a key in one atomic step, if it is still the one that is expected.

        :param expected: what was loaded, or what a swap has written; ``None`` if there is to be no record.
        :param new: the new record; ``None`` removes it.
        :param lifetime: the life of the new record in seconds from now; ``None`` keeps the end that the record has.
        :return: ``Done``, or ``Conflict`` with what is there instead.
        """

    def delete(self, key: str, now: float) -> bool:
        """Removes the record under a key, whatever it is. Returns whether there was one."""
