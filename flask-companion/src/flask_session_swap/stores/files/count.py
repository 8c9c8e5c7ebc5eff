"""The number of files that cachelib keeps in a file of its own."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import time
from typing import FrozenSet, Optional

from ..store import StoreError
from . import layout
from .folder import PAUSE, Folder

_log = logging.getLogger(__name__)

_KEY = b"__wz_cache_count"

#: The names of that file by either of cachelib's hashes.
_KNOWN = frozenset((hashlib.sha256(_KEY).hexdigest(), hashlib.md5(_KEY, usedforsecurity=False).hexdigest()))

_ATTEMPTS = 10


class FileCount:
    """cachelib's count of files.

    It removes live sessions when its count is above its threshold, so a log-out here that it does not learn of would
    some day cost a session there. It counts only if it has a threshold, and counts anew when it starts. It takes no
    lock, so the count can still drift; a count that fails is not a reason to fail.
    """

    def __init__(self, name: Optional[str] = None) -> None:
        """:param name: the name that the cache gives that file."""
        self.names: FrozenSet[str] = _KNOWN if name is None else _KNOWN | {name}

    def add(self, folder: Folder, files: int) -> None:
        """Tells cachelib that there are so many more."""
        if files:
            for name in self.names:
                if os.path.exists(folder.at(name)):
                    _add(folder, name, files)


def _add(folder: Folder, name: str, files: int) -> None:
    try:
        for _ in range(_ATTEMPTS):
            # cachelib has no key of this name, so nobody is kept waiting but other counts.
            with folder.try_lock("count") as is_locked:
                if is_locked:
                    return _change(folder, name, files)
            time.sleep(PAUSE)
    except (OSError, StoreError) as error:
        _log.debug("cachelib's count of files was not changed: %s", error)


def _change(folder: Folder, name: str, files: int) -> None:
    with open(folder.at(name), "rb") as file:
        found = layout.parts(name, file.read())
    try:
        count = pickle.loads(found.record) if found is not None else None
    except Exception:  # whatever a damaged pickle raises
        count = None
    if isinstance(count, int):
        content = layout.header(0) + pickle.dumps(max(count + files, 0), pickle.HIGHEST_PROTOCOL)
        with folder.draft(content) as draft:
            draft.become(folder.at(name))
