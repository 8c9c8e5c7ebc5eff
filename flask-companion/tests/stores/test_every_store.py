"""What every store promises, in each place where sessions can be kept.

A record that is to end does so by the time that its calls are given, or where the server's clock decides,
after a second that the test waits for.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Iterator, Optional

import pytest

from flask_session_swap import clock
from flask_session_swap.stores.store import Conflict, Done, Loaded, Store, Swapped
from servers.process import PATIENCE, until

from .conftest import Opened
from .places import PLACES

HOUR = 3600

#: The run may take its time.
LONG = "SESSION_TESTS_LONG" in os.environ

#: Bytes that a text could not hold, or that the line of a protocol ends with.
EVERY_BYTE = bytes(range(256)) + b"\r\n\0 END \r\n$-1\r\n"


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two other processes. They take a while to start, so they serve all places."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        yield processes


@pytest.fixture
def store(place: Opened) -> Store:
    return place.open()


@pytest.fixture
def key(place: Opened) -> str:
    return place.key()


def load(store: Store, key: str, after: float = 0) -> Optional[Loaded]:
    return store.load(key, clock.now() + after)


def record(store: Store, key: str, after: float = 0) -> Optional[bytes]:
    loaded = load(store, key, after)
    return None if loaded is None else loaded.record


def create(store: Store, key: str, new: bytes, lifetime: int = HOUR) -> Loaded:
    assert isinstance(store.swap(key, None, new, lifetime, clock.now()), Done)
    loaded = load(store, key)
    assert loaded is not None and loaded.record == new
    return loaded


def current(swapped: Swapped) -> Optional[bytes]:
    """Returns what a conflict has found."""
    assert isinstance(swapped, Conflict)
    return None if swapped.current is None else swapped.current.record


def count(store: Store, key: str, times: int) -> None:
    """Adds one to a number, so many times."""
    loaded = load(store, key)
    for _ in range(times):
        while True:
            number = 0 if loaded is None else int(loaded.record)
            new = b"%d" % (number + 1)
            swapped = store.swap(key, loaded, new, HOUR, clock.now())
            if isinstance(swapped, Done):
                loaded = Loaded(new, version=swapped.version)
                break
            loaded = swapped.current


def count_in_another_process(place: str, address: str, key: str, times: int) -> None:
    count(PLACES[place].open(address), key, times)


def test_what_was_never_written_is_absent_for_every_call(store: Store, key: str) -> None:
    assert load(store, key) is None
    assert current(store.swap(key, Loaded(b"x"), b"y", HOUR, clock.now())) is None
    assert current(store.swap(key, Loaded(b""), b"y", HOUR, clock.now())) is None
    assert current(store.swap(key, Loaded(b"x"), None, None, clock.now())) is None
    assert store.delete(key, clock.now()) is False
    assert load(store, key) is None


def test_a_record_is_created_only_where_there_is_none(store: Store, key: str) -> None:
    create(store, key, b"first")
    assert current(store.swap(key, None, b"second", HOUR, clock.now())) == b"first"
    assert current(store.swap(key, None, b"first", HOUR, clock.now())) == b"first"
    assert record(store, key) == b"first"


def test_only_the_expected_record_is_replaced(store: Store, key: str) -> None:
    old = create(store, key, b"old")
    assert isinstance(store.swap(key, old, b"new", HOUR, clock.now()), Done)
    assert current(store.swap(key, old, b"late", HOUR, clock.now())) == b"new"
    # It is one as well where everything would be the same afterwards.
    assert current(store.swap(key, old, b"new", HOUR, clock.now())) == b"new"
    assert record(store, key) == b"new"


def test_what_a_conflict_has_found_can_be_swapped(store: Store, key: str) -> None:
    old = create(store, key, b"old")
    assert isinstance(store.swap(key, old, b"theirs", HOUR, clock.now()), Done)
    lost = store.swap(key, old, b"mine", HOUR, clock.now())
    assert isinstance(lost, Conflict)
    assert isinstance(store.swap(key, lost.current, b"both", HOUR, clock.now()), Done)
    assert record(store, key) == b"both"


def test_what_was_just_written_can_be_swapped_without_a_load(store: Store, key: str) -> None:
    created = store.swap(key, None, b"1", HOUR, clock.now())
    assert isinstance(created, Done)
    replaced = store.swap(key, Loaded(b"1", version=created.version), b"2", HOUR, clock.now())
    assert isinstance(replaced, Done)
    kept = store.swap(key, Loaded(b"2", version=replaced.version), b"3", None, clock.now())
    assert isinstance(kept, Done)
    assert isinstance(store.swap(key, Loaded(b"3", version=kept.version), None, None, clock.now()), Done)
    assert load(store, key) is None


def test_a_record_that_is_again_what_it_was_is_replaced_by_at_most_one(store: Store, key: str) -> None:
    first = create(store, key, b"a")
    assert isinstance(store.swap(key, first, b"b", HOUR, clock.now()), Done)
    assert isinstance(store.swap(key, load(store, key), b"a", HOUR, clock.now()), Done)
    again = load(store, key)
    assert isinstance(store.swap(key, again, b"c", HOUR, clock.now()), Done)
    assert current(store.swap(key, again, b"d", HOUR, clock.now())) == b"c"


def test_a_swap_to_nothing_removes_the_expected_record_alone(store: Store, key: str) -> None:
    old = create(store, key, b"old")
    assert isinstance(store.swap(key, old, b"new", HOUR, clock.now()), Done)
    assert current(store.swap(key, old, None, None, clock.now())) == b"new"
    assert isinstance(store.swap(key, load(store, key), None, None, clock.now()), Done)
    assert load(store, key) is None
    # Who has loaded it before does not bring it back.
    assert current(store.swap(key, old, b"late", HOUR, clock.now())) is None
    assert load(store, key) is None


def test_a_swap_from_nothing_to_nothing_is_done_where_nothing_is(store: Store, key: str) -> None:
    assert isinstance(store.swap(key, None, None, None, clock.now()), Done)
    create(store, key, b"x")
    assert current(store.swap(key, None, None, None, clock.now())) == b"x"
    assert record(store, key) == b"x"


def test_delete_removes_whatever_there_is_and_says_whether_that_was_anything(store: Store, key: str) -> None:
    old = create(store, key, b"x")
    assert store.delete(key, clock.now()) is True
    assert store.delete(key, clock.now()) is False
    assert load(store, key) is None
    assert current(store.swap(key, old, b"late", HOUR, clock.now())) is None
    create(store, key, b"another")


def test_keys_do_not_share_records(store: Store, place: Opened) -> None:
    one, other = place.key(), place.key()
    create(store, one, b"1")
    create(store, other, b"2")
    assert store.delete(one, clock.now()) is True
    assert record(store, other) == b"2"


def test_keys_of_notes_and_lists_are_keys_as_well(store: Store) -> None:
    # The one of a note, and the one of a user's list, which the core makes.
    for key in ("session:~" + secrets.token_hex(32), "session:~user:" + secrets.token_hex(32)):
        loaded = create(store, key, b"x")
        assert isinstance(store.swap(key, loaded, None, None, clock.now()), Done)


@pytest.mark.parametrize("length", [1, 8 * 1024, 32 * 1024, 32 * 1024 + 1, 40 * 1024, 200 * 1024])
def test_every_byte_of_a_record_survives(place: Opened, store: Store, key: str, length: int) -> None:
    length = min(length, place.place.fits)
    pattern = EVERY_BYTE * (length // len(EVERY_BYTE) + 1)
    first, second = pattern[:length], pattern[-length:]
    loaded = create(store, key, first)
    assert isinstance(store.swap(key, loaded, second, HOUR, clock.now()), Done)
    # It differs in its last byte.
    other = second[:-1] + bytes([second[-1] ^ 1])
    assert current(store.swap(key, Loaded(other), b"late", HOUR, clock.now())) == second
    assert isinstance(store.swap(key, load(store, key), None, None, clock.now()), Done)


def test_an_empty_record_is_a_record(store: Store, key: str) -> None:
    empty = create(store, key, b"")
    assert current(store.swap(key, None, b"x", HOUR, clock.now())) == b""
    assert isinstance(store.swap(key, empty, b"x", HOUR, clock.now()), Done)
    assert isinstance(store.swap(key, load(store, key), b"", HOUR, clock.now()), Done)
    assert record(store, key) == b""
    assert store.delete(key, clock.now()) is True


def test_a_record_ends_with_its_life_however_it_is_loaded(place: Opened, store: Store, key: str) -> None:
    if place.place.goes_by_given_time:
        create(store, key, b"x", HOUR)
        assert record(store, key, HOUR - 60) == b"x"
        assert load(store, key, HOUR + 1) is None
    else:
        create(store, key, b"x", 1)
        # Each look is a load.
        until(lambda: load(store, key) is None, "gone")


def test_what_has_ended_is_absent_for_every_call(place: Opened, store: Store, key: str) -> None:
    if place.place.goes_by_given_time:
        ended, now = create(store, key, b"x", HOUR), clock.now() + HOUR + 1
    else:
        ended = create(store, key, b"x", 1)
        until(lambda: load(store, key) is None, "gone")
        now = clock.now()
    assert current(store.swap(key, ended, b"late", HOUR, now)) is None
    assert current(store.swap(key, ended, None, None, now)) is None
    assert store.delete(key, now) is False
    assert isinstance(store.swap(key, None, b"another", HOUR, now), Done)
    loaded = store.load(key, now)
    assert loaded is not None and loaded.record == b"another"


def test_a_swap_gives_a_record_a_new_life(place: Opened, store: Store) -> None:
    longer, shorter = place.key(), place.key()
    short = HOUR if place.place.goes_by_given_time else 1
    loaded = create(store, shorter, b"x", 24 * HOUR)
    # A life that is extended is a swap to the same bytes.
    assert isinstance(store.swap(shorter, loaded, b"x", short, clock.now()), Done)
    loaded = create(store, longer, b"x", 10 if short == 1 else short)
    assert isinstance(store.swap(longer, loaded, b"x", 24 * HOUR, clock.now()), Done)
    if place.place.goes_by_given_time:
        assert load(store, shorter, HOUR + 1) is None
        assert record(store, longer, 23 * HOUR) == b"x"
    else:
        until(lambda: load(store, shorter) is None, "gone")
        assert record(store, longer) == b"x"


def test_a_swap_may_keep_the_end_that_a_record_has(place: Opened, store: Store, key: str) -> None:
    if place.place.goes_by_given_time:
        loaded = create(store, key, b"x", HOUR)
        half = clock.now() + HOUR / 2
        assert isinstance(store.swap(key, loaded, b"y", None, half), Done)
        assert record(store, key, HOUR - 60) == b"y"
        assert load(store, key, HOUR + 1) is None
    else:
        # Whether the end comes meanwhile or not: it is not put off.
        loaded = create(store, key, b"x", 2)
        if isinstance(store.swap(key, loaded, b"y", None, clock.now()), Done):
            until(lambda: load(store, key) is None, "gone")
        assert load(store, key) is None


def test_a_load_tells_when_the_life_ends_or_that_it_does_not_know(store: Store, key: str) -> None:
    now = clock.now()
    for life in (HOUR, 365 * 24 * HOUR):
        loaded = load(store, key)
        assert isinstance(store.swap(key, loaded, b"x", life, now), Done)
        loaded = store.load(key, now)
        assert loaded is not None
        # Servers count whole seconds, and the test may have to wait for its turn.
        assert loaded.expires is None or abs(loaded.expires - (now + life)) < PATIENCE


def test_what_one_store_writes_another_one_finds(place: Opened, store: Store, key: str) -> None:
    other = place.open()
    loaded = create(store, key, b"x")
    found = load(other, key)
    assert found is not None and found.record == b"x"
    assert isinstance(other.swap(key, found, b"y", HOUR, clock.now()), Done)
    assert current(store.swap(key, loaded, b"z", HOUR, clock.now())) == b"y"


def test_of_many_swaps_with_one_expectation_one_wins(place: Opened, store: Store, key: str) -> None:
    loaded = create(store, key, b"x")
    start = threading.Barrier(8)

    def swap(number: int) -> bool:
        start.wait(PATIENCE)
        return isinstance(store.swap(key, loaded, b"%d" % number, HOUR, clock.now()), Done)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(swap, range(8)))
    assert won.count(True) == 1
    assert record(store, key) == b"%d" % won.index(True)


def test_eight_threads_that_count_lose_nothing(store: Store, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for counted in [pool.submit(count, store, key, 50) for _ in range(8)]:
            counted.result()
    assert record(store, key) == b"400"


def test_two_processes_that_count_lose_nothing(
    place: Opened, store: Store, key: str, processes: ProcessPoolExecutor
) -> None:
    times = 1000 if LONG else 50
    others = [
        processes.submit(count_in_another_process, place.name, place.address, key, times) for _ in range(2)
    ]
    count(store, key, times)
    for other in others:
        other.result()
    assert record(store, key) == b"%d" % (3 * times)


def test_what_is_deleted_beside_writes_stays_deleted(place: Opened, store: Store) -> None:
    def write_until_gone(key: str) -> None:
        loaded = load(store, key)
        while loaded is not None:
            swapped = store.swap(key, loaded, loaded.record + b"+", HOUR, clock.now())
            loaded = load(store, key) if isinstance(swapped, Done) else swapped.current

    with ThreadPoolExecutor(3) as pool:
        for removes_by_swap in (True, False) * (20 if LONG else 2):
            key = place.key()
            create(store, key, b"x")
            writers = [pool.submit(write_until_gone, key) for _ in range(2)]
            until(lambda: record(store, key) not in (b"x", None), "written to")
            if removes_by_swap:
                while isinstance(store.swap(key, load(store, key), None, None, clock.now()), Conflict):
                    pass
            else:
                assert store.delete(key, clock.now()) is True
            for writer in writers:
                writer.result(PATIENCE)
            assert load(store, key) is None
