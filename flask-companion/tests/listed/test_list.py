"""The list as it is stored: what a record of it means, byte for byte as the Rust side writes it."""

from __future__ import annotations

from typing import Any, List, Optional

import msgspec
import pytest

from flask_session_swap.listed.entries import HAS_EXISTED, Entering, Entry, SessionList
from flask_session_swap.listed.label import Label
from flask_session_swap.records import Msgspec, Pickle
from flask_session_swap.stores.store import Loaded

LIFE = 1000


def sid(number: int) -> str:
    return f"id-{number:040}"


def enter(sessions: SessionList, number: int, renews: Optional[int] = None, label: str = "") -> bool:
    renewed = None if renews is None else sid(renews)
    return sessions.enter(Entering(sid(number), Label(label), renews=renewed), f"handle-{number}", 500)


def read(data: Any, expires: Optional[float], now: float) -> SessionList:
    sessions = SessionList.of(data, Loaded(b"", expires), now)
    assert sessions is not None
    return sessions


def ages(sessions: SessionList) -> List[int]:
    return [own.age for entry in sessions.entries for own in entry.ids]


def ids(entry: Entry) -> List[str]:
    return [own.sid for own in entry.ids]


def test_a_list_is_written_as_the_rust_side_writes_it() -> None:
    sessions = SessionList()
    enter(sessions, 1, renews=2, label="Firefox")
    one, two = sid(1).encode(), sid(2).encode()
    expected = (
        b"\x83\xa4life\xcd\x03\xe8\xa7written\xcd\x01\xf4\xa8sessions\x91"
        b"\x84\xa3ids\x92\x92\xd9+" + one + b"\x00\x92\xd9+" + two + b"\xce\x3b\x9a\xca\x00"
        b"\xa6handle\xa8handle-1\xa7created\xcd\x01\xf4\xa5label\xa7Firefox"
    )
    assert Msgspec("msgpack").encode(sessions.data(LIFE, 500.9)) == expected


@pytest.mark.parametrize("records", [Msgspec("msgpack"), Msgspec("json"), Pickle()])
def test_a_list_comes_back_in_every_format_and_older_by_the_stores_clock(records: Any) -> None:
    sessions = SessionList()
    enter(sessions, 1, label="Firefox")
    enter(sessions, 2, label="a \U0001f980 browser")
    data = records.decode(records.encode(sessions.data(LIFE, 500)))
    # The reader's clock is an hour ahead of the writer's, and the store has kept the list for 90 seconds.
    read_later = read(data, 4100 + 910, 4100)
    assert (ages(read_later), read_later.life) == ([89, 89], LIFE)
    first, second = read_later.entries
    assert (first.handle, first.label) == ("handle-1", "Firefox")
    assert (ids(second), second.created, second.label) == ([sid(2)], 500, "a \U0001f980 browser")
    # A store that does not say when a record ends leaves the clocks of the machines.
    assert ages(read(data, None, 530)) == [29, 29]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"life": 1},
        {"life": 1, "written": 1, "sessions": {}},
        {"life": True, "written": 1, "sessions": []},
        {"life": -1, "written": 1, "sessions": []},
        {"life": 1, "written": 1, "sessions": [1]},
        {"life": 1, "written": 1, "sessions": [{"ids": [["a"]], "handle": "h", "created": 1, "label": ""}]},
        {"life": 1, "written": 1, "sessions": [{"ids": [["a", -1]], "handle": "h", "created": 1, "label": ""}]},
        {"life": 1, "written": 1, "sessions": [{"ids": [], "handle": "h", "created": 1}]},
    ],
)
def test_what_is_not_a_list_is_not_read_as_one(data: Any) -> None:
    assert SessionList.of(data, Loaded(b"", None), 0) is None


def test_however_often_a_list_is_written_its_entries_look_no_older_than_they_are() -> None:
    sessions = SessionList()
    enter(sessions, 1)
    now = 500.0
    for _ in range(1000):
        data = sessions.data(LIFE, now)
        # What is left is told in whole seconds, as by memcached.
        ends = now + LIFE - 1
        now += 0.01
        sessions = read(data, ends, now)
    assert ages(sessions)[0] <= 10


def test_a_renewed_id_keeps_the_entry_and_the_old_id_until_that_is_removed() -> None:
    sessions = SessionList()
    assert enter(sessions, 1, label="one")
    assert enter(sessions, 2, label="two")
    assert not enter(sessions, 3, renews=1, label="other")
    assert not enter(sessions, 3, renews=3, label="other")
    first = sessions.entries[0]
    assert (first.handle, first.label) == ("handle-1", "one")
    assert ids(first) == [sid(3), sid(1)]
    assert sessions.remove([sid(1)])
    assert ids(sessions.entries[0]) == [sid(3)]
    assert sessions.remove([sid(3), sid(4)])
    assert not sessions.remove([sid(3)])
    assert len(sessions.entries) == 1


def test_who_logs_in_twice_at_once_is_entered_once_and_what_was_renewed_is_not_about_to_come() -> None:
    sessions = SessionList()
    assert enter(sessions, 1, renews=9)
    assert not enter(sessions, 2, renews=9)
    (entry,) = sessions.entries
    assert ids(entry) == [sid(2), sid(1), sid(9)]
    assert ages(sessions) == [0, 0, HAS_EXISTED]


def test_a_request_that_ends_a_session_takes_with_it_what_was_renewed_to_it_and_nothing_newer() -> None:
    sessions = SessionList()
    enter(sessions, 2, renews=1)
    enter(sessions, 3, renews=2)
    sessions.entries[0].put(sid(4), 0, in_front=True)
    assert ids(sessions.entries[0]) == [sid(4), sid(3), sid(1), sid(2)]
    assert sessions.remove_with_renewed([sid(3)])
    assert ids(sessions.entries[0]) == [sid(4)]


def test_a_list_fits_into_every_store_first_without_old_labels_and_then_without_old_sessions() -> None:
    sessions = SessionList()
    for number in range(1000):
        enter(sessions, number, renews=number + 5000, label='"' * 100)
        del sessions.entries[: sessions.shorten()]
        if number % 50 == 0:
            assert len(msgspec.json.encode(sessions.data(LIFE, 500))) < 65_535
    assert len(sessions.entries) > 150
    assert sessions.entries[0].label == ""
    assert len(sessions.entries[-1].label) == 100
