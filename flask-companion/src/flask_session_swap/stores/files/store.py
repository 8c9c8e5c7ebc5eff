"""The store of sessions in files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Callable, Optional

from ..store import Conflict, Done, Loaded, Swapped
from . import layout
from .count import FileCount
from .expired import remove_expired
from .folder import Draft, Folder, Names
from .layout import Found
from .threshold import Threshold


class FileStore:
    """Sessions in one file each, in cachelib's layout, whatever number of processes uses the folder.

    * Reading takes no lock; changing a record takes one of 256 lock files, which are also those of the Rust side. A
      process that is stopped while it holds one makes the others' calls fail, for a 256th of all sessions; one that is
      killed has let it go.
    * A record is written to a new file that replaces the old one, so that nobody reads half of it. Extending a life
      writes four bytes.
    * A record under the name that an older cachelib gave it is read; a change moves it to the name that the cache
      gives.
    * Nothing that is alive is ever removed to make room, unlike in cachelib. Above the threshold what has expired is
      removed, and if that is not enough, a warning is logged.

    Flask-Session takes no locks: a write of its own between our comparison and our renaming is lost, and it overwrites
    what it has not read.
    """

    pickles = True

    def __init__(
        self, folder: str, *, threshold: int, mode: int, name: Callable[[str], str], count: Optional[str] = None
    ) -> None:
        """
        :param folder: its absolute path.
        :param threshold: the number of files above which expired ones are removed; 0 is none.
        :param mode: the mode of files.
        :param name: makes the name of a key's file.
        :param count: the name of the file in which the cache counts.
        """
        self._folder = Folder(folder, mode, name)
        self._count = FileCount(count)
        self._threshold = Threshold(threshold, self._count)

    def load(self, key: str, now: float) -> Optional[Loaded]:
        found = self._folder.look_up(self._folder.names(key), now)
        return None if found is None else found.loaded

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        folder, names = self._folder, self._folder.names(key)
        ends = None if lifetime is None else layout.end_of_life(now, lifetime)
        with ExitStack() as held:
            held.enter_context(folder.locked(names.lock))
            draft: Optional[Draft] = None
            begins = 0
            only_extends = expected is not None and new == expected.record and ends is not None
            if new is not None and not only_extends:
                # Written before the comparison, so that as little time as possible is between that and the renaming:
                # Flask-Session takes no lock. The end that is to be kept is mostly the one that was loaded.
                known = expected.expires if expected is not None else None
                begins = int(known or 0) if ends is None else ends
                draft = held.enter_context(folder.draft(layout.header(begins) + new))
            found = folder.look_up(names, now)
            if (None if found is None else found.record) != (None if expected is None else expected.record):
                return Conflict(None if found is None else found.loaded)
            if only_extends and ends is not None:
                return Done() if folder.extend(names, now, ends) else Conflict(None)
            if draft is not None and ends is None and found is not None and found.ends != begins:
                folder.begin(draft, layout.header(found.ends))
            files = self._change(names, found, draft)
        if files > 0:
            self._threshold.added(folder, now)
        return Done()

    def delete(self, key: str, now: float) -> bool:
        names = self._folder.names(key)
        with self._folder.locked(names.lock):
            found = self._folder.look_up(names, now)
            self._change(names, found, None)
            return found is not None

    def purge(self, now: float) -> int:
        """Removes the records that have expired, ours and cachelib's, and what processes have left that were killed.

        :raises StoreError: it may have removed a part of them.
        """
        with self._folder.telling("remove expired sessions"):
            return remove_expired(self._folder, self._count, now)

    def _change(self, names: Names, found: Optional[Found], draft: Optional[Draft]) -> int:
        """Puts the draft in the record's place, or removes the record. Returns how many files more there are."""
        folder = self._folder
        files = -folder.remove(names) if draft is None else folder.put(names, found, draft)
        self._count.add(folder, files)
        return files
