"""The number of files above which expired ones are removed."""

from __future__ import annotations

import logging
import os
import re
import threading
import time

from ..store import StoreError
from . import layout
from .count import FileCount
from .folder import DRAFT, Folder

_log = logging.getLogger(__name__)

#: The number of files between two scans at least, or an eighth of all there are: so a scan costs no more than eight
#: names for each file that is added.
_BETWEEN_SCANS = 16

#: Files that are not a session yet, or not any more, and older than this have been left by a process that has ended, or
#: by a power cut. In seconds.
_LEFT_BEHIND = 3600

#: The names of sessions: a hash of any length.
_SESSION = re.compile(r"[0-9a-f]{32,}")


class Threshold:
    """Notices that there are more files than the threshold allows. Nothing that is alive is ever removed."""

    def __init__(self, files: int, count: FileCount) -> None:
        """:param files: the number of files; 0 is none."""
        self._threshold = files
        self._count = count
        self._lock = threading.Lock()
        # Files that this process may still add before the next scan.
        self._until_scan = 1
        self._has_warned = False

    def added(self, folder: Folder, now: float) -> None:
        """Counts a new file, and looks through the folder if it is time for that. Nobody waits for it."""
        with self._lock:
            # After the last one there is none left until the scan is over, so that there is one at a time.
            if self._threshold == 0 or self._until_scan == 0:
                return
            self._until_scan -= 1
            if self._until_scan > 0:
                return
        threading.Thread(target=self._scan, args=(folder, now), name="session files", daemon=True).start()

    def _scan(self, folder: Folder, now: float) -> None:
        left = 0
        try:
            left = sum(1 for _ in self._sessions(folder))
            if left > self._threshold:
                left -= self._remove_expired(folder, now)
            if left <= self._threshold:
                self._has_warned = False
            elif not self._has_warned:
                self._has_warned = True
                _log.warning(
                    "there are %d session files in %r, more than the threshold of %d; none of them has expired, and "
                    "none was removed",
                    left,
                    folder.path,
                    self._threshold,
                )
        except (OSError, StoreError) as error:
            _log.debug("expired session files were not removed: %s", error)
        finally:
            with self._lock:
                self._until_scan = max(left // 8, _BETWEEN_SCANS)

    def _sessions(self, folder: Folder) -> list[os.DirEntry[str]]:
        with os.scandir(folder.path) as entries:
            sessions = [entry for entry in entries if _SESSION.fullmatch(entry.name)]
        return [entry for entry in sessions if entry.name not in self._count.names]

    def _remove_expired(self, folder: Folder, now: float) -> int:
        _remove_drafts(folder)
        removed = 0
        try:
            for entry in self._sessions(folder):
                removed += _is_over(entry, now) and _remove(folder, entry, now)
        finally:
            self._count.add(folder, -removed)
        return removed


def _remove_drafts(folder: Folder) -> None:
    with os.scandir(folder.own) as entries:
        for entry in entries:
            if entry.name.startswith(DRAFT) and _is_left_behind(entry):
                os.unlink(entry.path)


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
