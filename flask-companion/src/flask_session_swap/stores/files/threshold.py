"""The number of files above which expired ones are removed."""

from __future__ import annotations

import logging
import threading

from ..store import StoreError
from .count import FileCount
from .expired import remove_expired, sessions
from .folder import Folder

_log = logging.getLogger(__name__)

#: The number of files between two scans at least, or an eighth of all there are: so a scan costs no more than eight
#: names for each file that is added.
_BETWEEN_SCANS = 16


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
            left = len(sessions(folder, self._count))
            if left > self._threshold:
                left -= remove_expired(folder, self._count, now)
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
