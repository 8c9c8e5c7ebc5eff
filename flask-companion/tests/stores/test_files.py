"""What is special about sessions in files."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import pickle
import resource
import signal
import stat
import struct
import subprocess
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Optional

import pytest
from cachelib.file import FileSystemCache
from cachelib.serializers import JSONSerializer
from flask import Flask

from flask_session_swap import ConfigurationError, clock
from flask_session_swap.records import Pickle
from flask_session_swap.stores.cachelib import open_cachelib
from flask_session_swap.stores.files import FileStore, folder, of_cache, open_files
from flask_session_swap.stores.store import Conflict, Done, Loaded, StoreError
from servers.process import PATIENCE, until

from .after_flask_session import goes_on_at_either
from .place import app_with

KEY = "session:key"
SHA256 = hashlib.sha256(KEY.encode()).hexdigest()
MD5 = hashlib.md5(KEY.encode()).hexdigest()
OWN = ".rocket_session_state.__wz_cache"
HOUR = 3600


def cache_in(path: Path, **options: Any) -> FileSystemCache:
    return FileSystemCache(str(path), **{"threshold": 0, **options})


def pickled(**data: object) -> bytes:
    return pickle.dumps(data, pickle.HIGHEST_PROTOCOL)


def write(path: Path, name: str, record: bytes, ends: int = 0) -> None:
    (path / name).write_bytes(struct.pack("<I", ends) + record)


def sessions(path: Path) -> List[str]:
    return sorted(file.name for file in path.iterdir() if file.is_file())


def drafts(path: Path) -> List[Path]:
    return [file for file in (path / OWN).iterdir() if not file.name.startswith("lock-")]


def record(store: FileStore, key: str = KEY) -> Optional[bytes]:
    loaded = store.load(key, clock.now())
    return None if loaded is None else loaded.record


def create(store: FileStore, key: str, new: bytes, lifetime: int = HOUR) -> None:
    assert isinstance(store.swap(key, None, new, lifetime, clock.now()), Done)


def test_a_file_is_what_cachelib_reads_and_what_cachelib_writes_is_read(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    store = of_cache(cache)
    create(store, KEY, pickled(user="momo"))
    assert cache.get(KEY) == {"user": "momo"}
    assert cache.set(KEY, {"user": "kiki"}, 100)
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == pickled(user="kiki")
    assert loaded.expires is not None and abs(loaded.expires - clock.now() - 100) < PATIENCE
    assert isinstance(store.swap(KEY, loaded, pickled(user="bibi"), None, clock.now()), Done)
    assert cache.get(KEY) == {"user": "bibi"}
    kept = store.load(KEY, clock.now())
    assert kept is not None and kept.expires == loaded.expires
    assert cache.delete(KEY) and record(store) is None


def test_flask_session_and_the_store_share_a_session(tmp_path: Path) -> None:
    app = Flask("tests")
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache_in(tmp_path))
    goes_on_at_either(app, open_cachelib, Pickle())


def test_a_record_under_the_name_of_an_older_cachelib_is_read_and_moves_when_it_changes(tmp_path: Path) -> None:
    store = of_cache(cache_in(tmp_path))
    write(tmp_path, MD5, b"old")
    assert isinstance(store.swap(KEY, Loaded(b"old"), b"old", HOUR, clock.now()), Done)
    assert sessions(tmp_path) == [MD5]
    assert isinstance(store.swap(KEY, Loaded(b"old"), b"new", None, clock.now()), Done)
    assert sessions(tmp_path) == [SHA256] and record(store) == b"new"
    # Of two, the one under the new name counts.
    write(tmp_path, MD5, b"older")
    assert record(store) == b"new"
    assert store.delete(KEY, clock.now()) and sessions(tmp_path) == []


def test_a_cache_with_the_older_names_keeps_them_and_finds_what_rust_has_moved(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, hash_method=hashlib.md5)
    store = of_cache(cache)
    create(store, KEY, pickled(n=1))
    assert sessions(tmp_path) == [MD5] and cache.get(KEY) == {"n": 1}
    assert isinstance(store.swap(KEY, Loaded(pickled(n=1)), pickled(n=2), HOUR, clock.now()), Done)
    assert sessions(tmp_path) == [MD5]
    # Rust writes it to the new name, where it stays.
    write(tmp_path, SHA256, b"moved")
    assert isinstance(store.swap(KEY, Loaded(b"moved"), b"mine", HOUR, clock.now()), Done)
    assert sessions(tmp_path) == [SHA256] and record(store) == b"mine"


def test_a_cache_with_another_hash_has_its_own_names(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, hash_method=hashlib.sha1)
    store = of_cache(cache)
    create(store, KEY, pickled(n=1))
    assert sessions(tmp_path) == [hashlib.sha1(KEY.encode()).hexdigest()] and cache.get(KEY) == {"n": 1}


def test_extending_a_life_changes_nothing_but_the_first_four_bytes(tmp_path: Path) -> None:
    store = of_cache(cache_in(tmp_path))
    create(store, KEY, b"record", 100)
    file = tmp_path / SHA256
    number, now = file.stat().st_ino, int(clock.now())
    assert isinstance(store.swap(KEY, Loaded(b"record"), b"record", HOUR, now), Done)
    assert file.read_bytes() == struct.pack("<I", now + HOUR) + b"record" and file.stat().st_ino == number
    assert isinstance(store.swap(KEY, Loaded(b"other"), b"other", HOUR, now), Conflict)


def test_a_change_keeps_the_end_that_the_record_has_by_now(tmp_path: Path) -> None:
    cache, now = cache_in(tmp_path), clock.now()
    store = of_cache(cache)
    create(store, KEY, b"old", 100)
    loaded = store.load(KEY, now)
    assert loaded is not None
    # Another process has extended it meanwhile.
    assert isinstance(store.swap(KEY, loaded, b"old", HOUR, now), Done)
    for expected, new in ((loaded, b"new"), (Loaded(b"new"), b"newer")):
        assert isinstance(store.swap(KEY, expected, new, None, now), Done)
        assert (tmp_path / SHA256).read_bytes() == struct.pack("<I", int(now) + HOUR) + new
    # One without an end keeps none.
    write(tmp_path, SHA256, b"for ever", 0)
    assert isinstance(store.swap(KEY, Loaded(b"for ever", now), b"new", None, now), Done)
    assert (tmp_path / SHA256).read_bytes() == struct.pack("<I", 0) + b"new"


def test_a_file_that_is_too_short_is_absent_logged_and_overwritten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = of_cache(cache_in(tmp_path))
    (tmp_path / SHA256).write_bytes(b"abc")
    assert record(store) is None
    assert "a session's file has 3 bytes" in caplog.text and SHA256 not in caplog.text
    create(store, KEY, b"record")
    assert record(store) == b"record"


HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the key, as one of Rust does."""
    (path / OWN).mkdir(exist_ok=True)
    command = [sys.executable, "-c", HOLDER, str(path / OWN / f"lock-{SHA256[:2]}")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "locked\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_lock_that_another_process_holds_is_waited_for_and_reading_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_PATIENCE", 0.05)
    store = of_cache(cache_in(tmp_path))
    create(store, KEY, b"old")
    with holder(tmp_path) as process:
        for change in (
            lambda: store.swap(KEY, Loaded(b"old"), b"new", HOUR, clock.now()),
            lambda: store.swap(KEY, Loaded(b"old"), None, None, clock.now()),
            lambda: store.delete(KEY, clock.now()),
        ):
            with pytest.raises(StoreError) as raised:
                change()
            assert not raised.value.is_open
        assert record(store) == b"old" and drafts(tmp_path) == []
        # A process that is killed has let go of it.
        process.kill()
        process.wait(PATIENCE)
        monkeypatch.setattr(folder, "_PATIENCE", PATIENCE)
        assert isinstance(store.swap(KEY, Loaded(b"old"), b"new", HOUR, clock.now()), Done)


def test_the_lock_is_held_from_the_comparison_to_the_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = of_cache(cache_in(tmp_path))
    create(store, KEY, b"old")
    lock = os.open(tmp_path / OWN / f"lock-{SHA256[:2]}", os.O_WRONLY)
    replace, held = os.replace, []

    def watched(source: str, target: str) -> None:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    assert isinstance(store.swap(KEY, Loaded(b"old"), b"new", HOUR, clock.now()), Done)
    assert held == [str(tmp_path / SHA256)]
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(lock)


WRITER = """
import sys
from cachelib.file import FileSystemCache
from flask_session_swap import clock
from flask_session_swap.stores.files import of_cache
store = of_cache(FileSystemCache(sys.argv[1], threshold=0))
n = 0
while True:
    loaded = store.load("session:key", clock.now())
    store.swap("session:key", loaded, b"%d" % n + b"x" * 500_000, 3600, clock.now())
    n += 1
    print(n, flush=True)
"""


def test_a_process_that_is_killed_at_any_time_leaves_whole_records_and_no_lock(tmp_path: Path) -> None:
    store = of_cache(cache_in(tmp_path))
    for round in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert writer.stdout is not None
        for _ in range(round + 2):
            assert writer.stdout.readline()
        writer.kill()
        writer.communicate()
        loaded = store.load(KEY, clock.now())
        assert loaded is not None and loaded.record.lstrip(b"0123456789") == b"x" * 500_000
        assert isinstance(store.swap(KEY, loaded, b"", HOUR, clock.now()), Done)
        assert store.delete(KEY, clock.now())


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Lets the system refuse to write longer files, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_can_not_be_written_is_an_error_that_has_changed_nothing(tmp_path: Path) -> None:
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    store = of_cache(cache_in(tmp_path))
    create(store, KEY, b"old")
    for expected, key in ((Loaded(b"old"), KEY), (None, "session:another")):
        with pytest.raises(StoreError) as raised, files_of_at_most(4096):
            store.swap(key, expected, b"x" * 8000, HOUR, clock.now())
        assert not raised.value.is_open
        assert drafts(tmp_path) == [] and sessions(tmp_path) == [SHA256]
    assert record(store) == b"old"


def test_an_error_names_the_folder_and_not_the_session(tmp_path: Path) -> None:
    store = of_cache(cache_in(tmp_path))
    (tmp_path / SHA256).mkdir()
    for call in (
        lambda: store.load(KEY, clock.now()),
        lambda: store.swap(KEY, None, b"new", HOUR, clock.now()),
        lambda: store.delete(KEY, clock.now()),
    ):
        with pytest.raises(StoreError) as raised:
            call()
        text = "".join(traceback.format_exception(None, raised.value, raised.tb))
        assert str(tmp_path) in str(raised.value) and "Is a directory" in text
        assert SHA256 not in text and not raised.value.is_open
    assert drafts(tmp_path) == []


def test_a_file_in_the_place_of_the_folder_is_an_error_and_not_an_empty_store(tmp_path: Path) -> None:
    path = tmp_path / "sessions"
    store = of_cache(cache_in(path))
    path.rmdir()
    assert record(store) is None
    path.write_bytes(b"")
    for call in (lambda: record(store), lambda: create(store, KEY, b"x"), lambda: store.delete(KEY, clock.now())):
        with pytest.raises(StoreError) as raised:
            call()
        assert not raised.value.is_open
    path.unlink()
    create(store, KEY, b"x")


@pytest.mark.parametrize(("mode", "of_folders"), [(0o600, 0o700), (0o640, 0o750), (0o660, 0o770), (0o644, 0o755)])
def test_files_have_their_mode_and_new_folders_the_same_rights_whatever_the_process_masks(
    tmp_path: Path, mode: int, of_folders: int
) -> None:
    path = tmp_path / "sessions"
    store = of_cache(cache_in(path, mode=mode))
    path.rmdir()
    masked = os.umask(0o077)
    try:
        create(store, KEY, b"x")
    finally:
        os.umask(masked)
    assert {mode_of(file) for file in (path / SHA256, *(path / OWN).iterdir())} == {mode}
    assert {mode_of(path), mode_of(path / OWN)} == {of_folders}


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_above_the_threshold_what_has_expired_goes_and_nothing_that_lives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    store = of_cache(cache_in(tmp_path, threshold=0), threshold=20)
    for number in range(30):
        create(store, f"session:{number}", b"x", HOUR)
    write(tmp_path, MD5, b"ended", int(clock.now()) - 10)
    write(tmp_path, "0" * 64, b"ended", int(clock.now()) - 10)
    (tmp_path / "notes.txt").write_bytes(b"")
    left = tmp_path / OWN / "new-left"
    left.write_bytes(b"")
    os.utime(left, (time.time() - 2 * HOUR,) * 2)
    young = tmp_path / OWN / "new-young"
    young.write_bytes(b"")
    number = 30

    def cleaned() -> bool:
        nonlocal number
        number += 1
        create(store, f"session:{number}", b"x", HOUR)
        return not left.exists() and not (tmp_path / MD5).exists() and not (tmp_path / ("0" * 64)).exists()

    until(cleaned, "cleaned")
    until(lambda: "more than the threshold of 20" in caplog.text, "told")
    assert young.exists() and (tmp_path / "notes.txt").exists()
    for alive in [*range(30), *range(31, number + 1)]:
        assert record(store, f"session:{alive}") == b"x"
    assert caplog.text.count("more than the threshold") == 1


def test_a_purge_removes_what_has_expired_under_any_name_and_no_file_of_anybody_else(tmp_path: Path) -> None:
    assert of_cache(cache_in(tmp_path / "new")).purge(clock.now()) == 0
    path, now = tmp_path / "sessions", int(clock.now())
    cache = cache_in(path, threshold=100)
    store = of_cache(cache)
    for number in range(3):
        create(store, f"session:{number}", b"x", HOUR)
    for name in (MD5, SHA256, "0" * 64):
        write(path, name, b"ended", now - 1)
    write(path, "f" * 64, b"for ever", 0)
    write(path, "notes.txt", b"", 1)
    with holder(path):
        # Somebody may be giving it a new life.
        assert store.purge(now) == 2
    assert sessions(path).count(SHA256) == 1 and cache._file_count == 1
    assert store.purge(now) == 1
    assert len(sessions(path)) == 3 + 1 + 1 + 1 and (path / "notes.txt").exists()


def test_cachelibs_count_follows_what_is_created_and_deleted_here(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, threshold=100)
    store = of_cache(cache)
    for number in range(3):
        create(store, f"session:{number}", b"x")
    assert cache._file_count == 3
    assert isinstance(store.swap("session:0", Loaded(b"x"), b"y", HOUR, clock.now()), Done)
    assert cache._file_count == 3
    assert store.delete("session:0", clock.now())
    assert isinstance(store.swap("session:1", Loaded(b"x"), None, None, clock.now()), Done)
    assert not store.delete("session:0", clock.now())
    assert cache._file_count == 1
    cache.set("session:other", {})
    assert cache._file_count == 2
    # Nobody is to count where cachelib does not.
    other = tmp_path / "other"
    create(of_cache(cache_in(other)), KEY, b"x")
    assert sessions(other) == [SHA256]


class OwnNames(FileSystemCache):
    def _get_filename(self, key: str) -> str:
        return os.path.join(self._path, key)


class OwnWay(FileSystemCache):
    def get(self, key: str) -> Any:
        return None


class InJson(FileSystemCache):
    serializer = JSONSerializer()  # type: ignore[assignment]


@pytest.mark.parametrize("kind", [OwnNames, OwnWay, InJson])
def test_a_cache_that_does_it_in_its_own_way_is_refused(tmp_path: Path, kind: type) -> None:
    with pytest.raises(ConfigurationError, match="SESSION_CACHELIB"):
        open_cachelib(app_with(SESSION_CACHELIB=kind(str(tmp_path))))


def test_the_keys_of_flask_session_open_the_store_and_warn_as_it_does(tmp_path: Path) -> None:
    path = tmp_path / "sessions"
    app = app_with(SESSION_FILE_DIR=str(path), SESSION_FILE_THRESHOLD=1, SESSION_FILE_MODE=0o640)
    with pytest.warns(DeprecationWarning, match="SESSION_CACHELIB"):
        store = open_files(app)
    create(store, KEY, b"x")
    assert sessions(path) == [SHA256]
    assert mode_of(path / SHA256) == 0o640


@pytest.mark.parametrize(
    "wrong",
    [
        {"SESSION_FILE_DIR": ""},
        {"SESSION_FILE_DIR": 3},
        {"SESSION_FILE_THRESHOLD": -1},
        {"SESSION_FILE_THRESHOLD": "500"},
        {"SESSION_FILE_MODE": "0600"},
        {"SESSION_FILE_MODE": 0o400},
        {"SESSION_FILE_MODE": 0o1600},
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_setting_that_can_not_be_is_refused_by_its_name(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        open_files(app_with(**{"SESSION_FILE_DIR": str(tmp_path), **wrong}))


def test_without_a_cache_sessions_are_in_the_folder_of_flask_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(RuntimeWarning, match="flask_session"):
        store = open_cachelib(app_with())
    # Also when the process goes elsewhere.
    monkeypatch.chdir("/")
    store.swap(KEY, None, b"x", HOUR, clock.now())
    assert sessions(tmp_path / "flask_session") == [SHA256]
