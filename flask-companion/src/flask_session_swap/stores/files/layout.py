"""The layout of a session's file: four bytes with the second in which it ends, then the record."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Optional

from ..store import Loaded

#: Little-endian, as cachelib writes it on every machine that is in use.
_HEADER = struct.Struct("<I")

#: The last second that the header can name, in 2106.
_LATEST = 2**32 - 1


@dataclass(frozen=True)
class Found:
    """A record that is alive."""

    #: The name of its file.
    name: str
    #: The Unix second in which it ends; 0 is never.
    ends: int
    record: bytes

    @property
    def loaded(self) -> Loaded:
        return Loaded(self.record, float(self.ends) if self.ends else None)


def header(ends: int) -> bytes:
    """Returns the first bytes of a file."""
    return _HEADER.pack(ends)


def parts(name: str, content: bytes) -> Optional[Found]:
    """Splits a file into end of life and record; ``None`` if it is too short for that."""
    if len(content) < _HEADER.size:
        return None
    return Found(name, _HEADER.unpack_from(content)[0], content[_HEADER.size :])


def ends_of(content: bytes) -> Optional[int]:
    """Returns the end of life that a file begins with, if it has one."""
    return _HEADER.unpack_from(content)[0] if len(content) >= _HEADER.size else None


def end_of_life(now: float, lifetime: int) -> int:
    """Returns the second at which a life ends that begins now, cut to whole seconds as by cachelib. Never 0."""
    return min(max(int(now) + max(lifetime, 1), 1), _LATEST)


def is_over(ends: int, now: float) -> bool:
    """Tells whether a life is over: cachelib compares the second with a clock that knows fractions."""
    return ends != 0 and ends < now


#: The number of bytes that tell the end of a file's life.
HEADER = _HEADER.size
