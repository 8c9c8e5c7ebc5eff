"""The removal of expired sessions from the folder, and of what processes have left that were killed."""

from __future__ import annotations

import os
import re
import time

from . import layout
from .count import FileCount
from .folder import DRAFT, Folder

#: Files that are not a session yet, or not any more, and older than this have been left by a process that has ended, or
#: by a power cut. In seconds.
_LEFT_BEHIND = 3600

#: The names of sessions: a hash of any length.
_SESSION = re.compile(r"[0-9a-f]{32,}")


def sessions(folder: Folder, count: FileCount) -> list[os.DirEntry[str]]:
    """Returns the files of sessions, expired or not. A folder that is missing has none."""
    try:
        with os.scandir(folder.path) as entries:
            files = [entry for entry in entries if _SESSION.fullmatch(entry.name)]
    except FileNotFoundError:
        return []
    return [entry for entry in files if entry.name not in count.names]


def remove_expired(folder: Folder, count: FileCount, now: float) -> int:
    """Removes what has expired, ours and cachelib's, and returns how many sessions that were.

    :raises OSError: the folder can't be looked through.
    :raises StoreError: one of them can't be removed.
    """
    _remove_drafts(folder)
    removed = 0
    try:
        for entry in sessions(folder, count):
            removed += _is_over(entry, now) and _remove(folder, entry, now)
    finally:
        count.add(folder, -removed)
    return removed


def _remove_drafts(folder: Folder) -> None:
    try:
        with os.scandir(folder.own) as entries:
            for entry in entries:
                if entry.name.startswith(DRAFT) and _is_left_behind(entry):
                    os.unlink(entry.path)
    except FileNotFoundError:  # another process was faster, or nothing was ever written
        pass


def _is_over(entry: os.DirEntry[str], now: float) -> bool:
    try:
        with open(entry.path, "rb") as file:
            ends = layout.ends_of(file.read(layout.HEADER))
        return _is_left_behind(entry) if ends is None else layout.is_over(ends, now)
    except OSError:  # gone already, or not ours to read
        return False


def _remove(folder: Folder, entry: os.DirEntry[str], now: float) -> bool:
    """Removes a record, unless somebody has given it a new life meanwhile or is about to."""
    # A record under its older name is extended under another lock. Only if that happens after the next line has looked
    # at it, for a request that began before its end, is such a record lost.
    with folder.try_lock(entry.name) as is_locked:
        return is_locked and _is_over(entry, now) and folder.unlink(entry.name)


def _is_left_behind(entry: os.DirEntry[str]) -> bool:
    # By the machine's clock, which has also stamped the file.
    return time.time() - entry.stat().st_mtime > _LEFT_BEHIND
