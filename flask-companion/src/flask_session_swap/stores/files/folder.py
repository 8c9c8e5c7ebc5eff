"""The folder of the sessions, its locks, and what is done to single files in it.

All of it is as ``FileStore`` of rocket_session_state does it: the same locks in the same order, on the same files.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, Optional, Tuple

from ..store import StoreError
from . import layout
from .layout import Found

try:
    import fcntl
except ImportError as error:
    raise ImportError("sessions in files need the locks of a POSIX system; use another SESSION_TYPE") from error

_log = logging.getLogger(__name__)

#: The subfolder for files of our own, the same on the Rust side. cachelib takes everything for a session whose name
#: does not end like this.
_OWN = ".rocket_session_state.__wz_cache"

#: The prefix of files that are being written.
DRAFT = "new-"

#: For how many seconds a lock is waited for that somebody else holds.
_PATIENCE = 3.0

#: The pause in seconds between two attempts to get a lock, which is held for a fraction of this.
PAUSE = 0.001

#: With these the system has certainly changed nothing.
_CERTAIN = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP),
}


@dataclass(frozen=True)
class Names:
    """The names that a record's file may have."""

    #: Where it is looked for. The first counts, and by it the record is locked.
    places: Tuple[str, ...]
    #: The name that cachelib gives it.
    new: str

    @property
    def lock(self) -> str:
        return self.places[0]


class Folder:
    """The folder. Its methods that change a record are to be called with the record's lock."""

    def __init__(self, path: str, mode: int, name: Callable[[str], str]) -> None:
        """
        :param path: the folder; it is made with its parents where it is missing.
        :param mode: the mode of files.
        :param name: makes the name of a key's file, as cachelib does.
        """
        self.path = path
        #: The folder of lock files and drafts.
        self.own = os.path.join(path, _OWN)
        self._mode = mode
        self._name = name

    def names(self, key: str) -> Names:
        """Returns the names of a record's file."""
        own, data = self._name(key), key.encode()
        # cachelib up to 0.15 took the second, and a cache may still. The Rust side knows both.
        known = hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest()
        return Names(known if own in known else (own,), own)

    def look_up(self, names: Names, now: float) -> Optional[Found]:
        """Returns the record, if there is one and it is alive."""
        too_short = None
        # A record may be moved to the first name while it is looked for; never back.
        for name in names.places if len(names.places) == 1 else (*names.places, names.places[0]):
            content = self._read(name)
            if content is None:
                continue
            found = layout.parts(name, content)
            if found is None:
                too_short = len(content)
            elif not layout.is_over(found.ends, now):
                return found
        if too_short is not None:
            _log.warning(
                "a session's file has %d bytes, too few for any session, and counts as absent", too_short
            )
        return None

    def extend(self, names: Names, now: float, ends: int) -> bool:
        """Gives a record that is alive a new end of life. Returns whether there is one.

        Four bytes are written. If Flask-Session replaces the file meanwhile, they go to the one that is no longer
        there, and harm nothing.
        """
        with self.telling("extend a session"):
            return any(self._extend(name, now, ends) for name in names.places)

    def put(self, names: Names, found: Optional[Found], draft: Draft) -> int:
        """Puts a new file in the place of the record's old one. Returns how many files more there are."""
        # What lies under the first name stays there: moved back, an older one would count if the process ended before
        # that was removed.
        place = names.new if found is None or found.name != names.lock else names.lock
        is_there = (found is not None and found.name == place) or os.path.exists(self.at(place))
        files = 0 if is_there else 1
        with self.telling("replace a session"):
            draft.become(self.at(place))
        for name in names.places:
            if name != place:
                files -= self._unlink(name, is_open=True)
        return files

    def remove(self, names: Names) -> int:
        """Removes the record's files. Returns how many there were."""
        # The name that counts goes last: an older record would come back if the process ended in between.
        return sum(self.unlink(name) for name in reversed(names.places))

    def unlink(self, name: str) -> bool:
        """Removes a file. Returns whether there was one."""
        return self._unlink(name, is_open=False)

    def at(self, name: str) -> str:
        """Returns the path of a file in the folder."""
        return os.path.join(self.path, name)

    @contextmanager
    def draft(self, content: bytes) -> Iterator[Draft]:
        """Writes this content to a file that nobody knows yet, which goes unless it becomes another."""
        path = os.path.join(self.own, DRAFT + os.urandom(8).hex())
        draft = Draft(path)
        try:
            with self.telling("write a file", is_open=False), open(self._make(path), "wb", buffering=0) as file:
                left = memoryview(content)
                while left:
                    left = left[file.write(left) :]
            yield draft
        finally:
            draft.drop()

    def begin(self, draft: Draft, header: bytes) -> None:
        """Gives a draft another beginning."""
        with self.telling("write a file", is_open=False):
            draft.begin(header)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Holds the lock of all records with a file name that begins as this one.

        :raises StoreError: somebody else holds it for too long: a process that stands still.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            with self.try_lock(name) as is_locked:
                if is_locked:
                    yield
                    return
            if time.monotonic() >= end:
                raise StoreError(
                    f"somebody else holds a lock in the folder of the sessions, {self.path!r}, for more than "
                    f"{_PATIENCE:.0f} seconds",
                    is_open=False,
                )
            time.sleep(PAUSE)

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Holds that lock unless somebody else does. It ends with the process in any case.

        The file is opened anew for each lock: the system takes two that were opened by themselves for rivals, also in
        one process.
        """
        with self.telling("lock a file", is_open=False):
            file = self._open_lock(os.path.join(self.own, f"lock-{name[:2]}"))
        try:
            with self.telling("lock a file", is_open=False):
                is_locked = _try_lock(file)
            try:
                yield is_locked
            finally:
                if is_locked:
                    # A process that was forked meanwhile has the file open, too.
                    fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            os.close(file)

    def _open_lock(self, path: str) -> int:
        try:
            return os.open(path, os.O_WRONLY)
        except FileNotFoundError:
            pass
        try:
            return self._make(path)
        except FileExistsError:  # another process was faster
            return os.open(path, os.O_WRONLY)

    def _read(self, name: str) -> Optional[bytes]:
        with self.telling("read a session", is_open=False):
            try:
                with open(self.at(name), "rb", buffering=0) as file:
                    return file.readall()
            except FileNotFoundError:
                return None

    def _extend(self, name: str, now: float, ends: int) -> bool:
        try:
            file = os.open(self.at(name), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            old = layout.ends_of(os.pread(file, layout.HEADER, 0))
            if old is None or layout.is_over(old, now):
                return False
            os.pwrite(file, layout.header(ends), 0)
            return True
        finally:
            os.close(file)

    def _unlink(self, name: str, *, is_open: bool) -> bool:
        try:
            os.unlink(self.at(name))
        except FileNotFoundError:
            return False
        except OSError as error:
            is_open = is_open or error.errno not in _CERTAIN
            raise self._failed("remove a session", error, is_open=is_open) from _nameless(error)
        return True

    def _make(self, path: str) -> int:
        """Creates a file of our mode, and the folders around it where they are missing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            file = os.open(path, flags, self._mode)
        except FileNotFoundError:
            self._make_folders()
            file = os.open(path, flags, self._mode)
        try:
            # What the process masks is asked for once more, as cachelib does.
            os.fchmod(file, self._mode)
        except OSError:
            os.close(file)
            raise
        return file

    def _make_folders(self) -> None:
        for folder in (self.path, self.own):
            os.makedirs(os.path.dirname(folder), exist_ok=True)
            try:
                os.mkdir(folder, 0o755)
            except FileExistsError:
                continue
            # Those who share the files get the same rights to a new folder, whatever the process masks. Nobody reads
            # or writes in a folder that he may not enter.
            files = self._mode & 0o066
            enter = (files >> 2 | files >> 1) & 0o011
            os.chmod(folder, stat.S_IMODE(os.stat(folder).st_mode) | files | enter)

    @contextmanager
    def telling(self, doing: str, is_open: Optional[bool] = None) -> Iterator[None]:
        """Makes the system's errors those of the store. Whether one is open goes by what it is, unless it is known."""
        try:
            yield
        except OSError as error:
            unknown = error.errno not in _CERTAIN
            raise self._failed(doing, error, is_open=unknown if is_open is None else is_open) from _nameless(error)

    def _failed(self, doing: str, error: OSError, *, is_open: bool) -> StoreError:
        text = f"can't {doing} in the folder of the sessions, {self.path!r}: {error.strerror}"
        return StoreError(text, is_open=is_open)


class Draft:
    """A file that is being written."""

    def __init__(self, path: str) -> None:
        self._path: Optional[str] = path

    def become(self, place: str) -> None:
        """Takes the place of a file, in one step."""
        if self._path is not None:
            os.replace(self._path, place)
            self._path = None

    def begin(self, header: bytes) -> None:
        """Overwrites its first bytes."""
        if self._path is not None:
            with open(self._path, "r+b", buffering=0) as file:
                file.write(header)

    def drop(self) -> None:
        """Removes the file, unless it has become another. What stays is removed by a later scan."""
        if self._path is not None:
            try:
                os.unlink(self._path)
            except OSError:
                pass


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _nameless(error: OSError) -> OSError:
    """Returns the error without the name of the file, which is made from a session's id."""
    return OSError(error.errno, error.strerror)
