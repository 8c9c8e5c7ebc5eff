"""The layout file that the Rust side writes: the keys of its sessions, with their policies."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from types import MappingProxyType
from typing import Mapping, Optional, Union


@dataclass(frozen=True)
class Layout:
    """What a layout file says."""

    #: The policies by key.
    merge: Mapping[str, str] = MappingProxyType({})
    #: The key of the login field.
    login_key: Optional[str] = None
    #: The sessions of each user are listed.
    listed: bool = False


def read(path: Union[str, PathLike[str]]) -> Layout:
    """Reads a layout file."""
    raise NotImplementedError(path)
