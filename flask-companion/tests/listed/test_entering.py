"""Which sessions are in the list, from entering to leaving."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from flask_session_swap import clock
from flask_session_swap.errors import SessionEnded
from flask_session_swap.listed import LISTED
from flask_session_swap.records import Msgspec, Pickle
from memory_store import MemoryStore

from .conftest import Clock
from .world import LIFETIME, PREFIX, World


@pytest.fixture
def world(moved_clock: Clock) -> World:
    return World(MemoryStore())


def key_of(user: bytes) -> str:
    return f"{PREFIX}~user:{hashlib.sha256(user).hexdigest()}"


@pytest.mark.parametrize("records", [Msgspec("msgpack"), Msgspec("json"), Pickle()])
@pytest.mark.parametrize(
    ("user", "in_msgpack"),
    [
        ("momo", b"\xa4momo"),
        (7, b"\x07"),
        (300, b"\xcd\x01\x2c"),
        (uuid.UUID(int=1), b"\xd9\x2400000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_list_lies_under_the_hash_of_the_login_value_in_msgpack_whatever_the_format_of_records(
    moved_clock: Clock, records: Any, user: object, in_msgpack: bytes
) -> None:
    store = MemoryStore()
    sid = World(store, records).log_in(user)
    assert sorted(store.records) == sorted([PREFIX + sid, key_of(in_msgpack)])


def test_a_login_value_that_a_format_changes_has_one_list(moved_clock: Clock) -> None:
    store = MemoryStore()
    world = World(store, Msgspec("json"))
    sid = world.log_in(b"momo")
    stored = world.data(sid)
    assert stored["user"] == "bW9tbw=="
    assert not world.lists.must_be_entered(stored, stored["user"], sid, moved_clock.time)
    assert world.of(b"momo").end_all() == 1
    assert store.records == {}


def test_a_list_outlives_the_longest_session_and_goes_with_the_last_one(
    world: World, moved_clock: Clock
) -> None:
    sid = world.log_in("momo")
    loaded = world.raw.load(key_of(b"\xa4momo"), moved_clock.time)
    assert loaded is not None and loaded.expires == moved_clock.time + 2 * LIFETIME + 300
    world.log_out("momo", sid)
    assert world.raw.load(key_of(b"\xa4momo"), moved_clock.time) is None


def test_a_list_that_another_process_has_given_a_longer_life_keeps_it(
    world: World, moved_clock: Clock
) -> None:
    world.log_in("momo")
    key = key_of(b"\xa4momo")
    there = world.raw.load(key, moved_clock.time)
    assert there is not None
    data = {**(world.records.decode(there.record) or {}), "life": 9 * LIFETIME}
    world.raw.swap(key, there, world.records.encode(data), 9 * LIFETIME, moved_clock.time)
    world.log_in("momo")
    after = world.raw.load(key, moved_clock.time)
    assert after is not None and after.expires == moved_clock.time + 9 * LIFETIME


def test_a_list_that_can_not_be_read_is_begun_anew(world: World, caplog: pytest.LogCaptureFixture) -> None:
    key = key_of(b"\xa4momo")
    world.raw.swap(key, None, b"\xc1 nonsense", 1000, clock.now())
    sid = world.log_in("momo")
    assert world.listed("momo") == [sid]
    assert "can't be read" in caplog.text and sid not in caplog.text and "momo" not in caplog.text


def test_a_new_id_keeps_handle_time_and_label(world: World, moved_clock: Clock) -> None:
    first = world.log_in("momo", label="a telephone")
    (before,) = world.of("momo").list()
    moved_clock.advance(100)
    second = world.log_in("momo", label="another text", renews=first)
    (after,) = world.of("momo").list()
    assert (after.handle, after.created, after.label) == (before.handle, before.created, "a telephone")
    assert after.last_seen == before.last_seen + 100
    assert world.listed("momo") == [second], "the old id is gone, and was tidied"


def test_ids_that_were_renewed_often_are_looked_for(world: World) -> None:
    sid = world.log_in("momo")
    for _ in range(20):
        sid = world.log_in("momo", renews=sid)
    assert world.listed("momo")[0] == sid
    assert len(world.listed("momo")) <= 5


def test_two_log_ins_of_one_visitor_are_entered_once(world: World) -> None:
    world.create("visitor", {})
    sids = [world.log_in("momo", renews="visitor") for _ in range(2)]
    assert len(world.of("momo").list()) == 1
    assert set(sids) <= set(world.listed("momo"))
    assert world.of("momo").end_all() == 1
    assert not any(world.lives(sid) for sid in sids)


def test_what_was_created_twice_since_an_answer_was_lost_is_one_entry(
    world: World, moved_clock: Clock
) -> None:
    sid = world.log_in("momo")
    world.lists.enter_new("momo", "second", renews=None, instead_of=sid, label="", now=moved_clock.time)
    world.create("second", {"user": "momo"})
    assert len(world.of("momo").list()) == 1
    assert world.of("momo").end_all() == 1
    assert not world.lives(sid) and not world.lives("second")


class TestSeal:
    """``_listed`` says that a session was entered."""

    def test_it_says_when_and_is_bound_to_user_and_id(self, world: World, moved_clock: Clock) -> None:
        fingerprint = hashlib.sha256(b"\xa4momo").hexdigest()
        code = hashlib.sha256((fingerprint + "an-id").encode()).hexdigest()[:16]
        assert world.lists.seal("momo", "an-id", 1234.9) == [1234, code]

    def test_a_session_is_not_entered_again_while_it_counts(self, world: World, moved_clock: Clock) -> None:
        sid = world.log_in("momo")
        data, now = world.data(sid), moved_clock.time
        must_be_entered = world.lists.must_be_entered
        assert not must_be_entered(data, "momo", sid, now)
        assert not must_be_entered({**data, LISTED: tuple(data[LISTED])}, "momo", sid, now)
        assert not must_be_entered(data, "momo", sid, now + LIFETIME / 2)
        # A process whose clock is ahead has entered it.
        assert not must_be_entered(data, "momo", sid, now - 300)

    def test_a_session_is_entered_whose_seal_is_old_or_of_another_user_or_id(
        self, world: World, moved_clock: Clock
    ) -> None:
        sid = world.log_in("momo")
        data, now = world.data(sid), moved_clock.time
        must_be_entered = world.lists.must_be_entered
        assert must_be_entered(data, "momo", sid, now + LIFETIME / 2 + 1)
        assert must_be_entered(data, "momo", sid, now - 301)
        assert must_be_entered(data, "ann", sid, now)
        assert must_be_entered(data, "momo", "another-id", now)
        code = data[LISTED][1]
        for other in (None, 7, [], [now], [str(now), code], [True, code], [-1, code]):
            assert must_be_entered({**data, LISTED: other}, "momo", sid, now)

    def test_a_visitor_is_in_no_list(self, world: World, moved_clock: Clock) -> None:
        assert not world.lists.must_be_entered({}, None, "an-id", moved_clock.time)
        world.lists.leave(None, ["an-id"], moved_clock.time)
        assert world.raw.calls == 0  # type: ignore[attr-defined]


class TestLate:
    """A session that a program without lists has made."""

    def test_it_is_entered_with_its_label_and_is_not_taken_for_one_that_is_about_to_come(
        self, world: World, moved_clock: Clock
    ) -> None:
        world.create("an-id", {"user": "momo"})
        assert world.lists.enter_late("momo", "an-id", label="a tablet", now=moved_clock.time)
        (session,) = world.of("momo").list()
        assert (session.label, session.created) == ("a tablet", moved_clock.time)
        world.store.delete(PREFIX + "an-id", moved_clock.time)
        assert world.of("momo").list() == []
        assert world.listed("momo") == []

    def test_a_store_that_fails_leaves_the_request_its_answer(self, moved_clock: Clock) -> None:
        store = MemoryStore()
        world = World(store)
        world.create("an-id", {"user": "momo"})
        for calls in range(2):
            store.failing = [store.calls + calls + 1]
            assert not world.lists.enter_late("momo", "an-id", label="", now=moved_clock.time)
        assert world.lists.enter_late("momo", "an-id", label="", now=moved_clock.time)

    def test_a_log_out_leaves_the_list_also_if_the_list_fails(self, moved_clock: Clock) -> None:
        store = MemoryStore()
        world = World(store)
        sid = world.log_in("momo")
        world.store.delete(PREFIX + sid, moved_clock.time)
        store.failing = [store.calls + 1]
        world.lists.leave("momo", [sid], moved_clock.time)
        assert world.listed("momo") == [sid]
        moved_clock.advance(70)
        assert world.of("momo").list() == [] and world.listed("momo") == []


class TestBeingCreated:
    """An entry whose session is not there yet."""

    def test_it_is_not_shown_and_not_removed_for_a_minute(self, world: World, moved_clock: Clock) -> None:
        world.lists.enter_new("momo", "to-come", renews=None, instead_of=None, label="", now=moved_clock.time)
        for advanced in (0, 60):
            moved_clock.advance(advanced)
            assert world.of("momo").list() == []
            assert world.listed("momo") == ["to-come"]
        moved_clock.advance(10)
        assert world.of("momo").list() == []
        assert world.listed("momo") == []

    def test_its_creation_conflicts_with_the_end_of_all(self, world: World, moved_clock: Clock) -> None:
        world.lists.enter_new("momo", "to-come", renews=None, instead_of=None, label="", now=moved_clock.time)
        assert world.of("momo").end_all() == 0
        with pytest.raises(SessionEnded):
            world.create("to-come", {"user": "momo"})
        assert world.listed("momo") == []
        assert not world.lives("to-come")
        # The mark is not there for ever.
        moved_clock.advance(3600)
        world.create("to-come", {"user": "momo"})

    def test_the_mark_is_what_the_rust_side_leaves(self, world: World, moved_clock: Clock) -> None:
        world.lists.enter_new("momo", "to-come", renews=None, instead_of=None, label="", now=moved_clock.time)
        world.of("momo").end_all()
        mark = world.raw.load(PREFIX + "to-come", moved_clock.time)
        assert mark is not None and mark.record == b"\x80" and mark.expires == moved_clock.time + 132
        # A visitor's session that is short is not one.
        world.raw.swap(PREFIX + "short", None, b"\x81\xa1a\x01", 100, moved_clock.time)
        assert world.lives("short")

    def test_a_log_in_that_ends_after_all_is_one_like_any_other(self, world: World) -> None:
        world.of("momo").end_all()
        sid = world.log_in("momo")
        assert world.lives(sid) and world.listed("momo") == [sid]
