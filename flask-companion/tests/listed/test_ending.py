"""Showing and ending the sessions of a user."""

from __future__ import annotations

from dataclasses import asdict
from typing import Callable, Optional

import pytest

from flask_session_swap import clock
from flask_session_swap.errors import SessionEnded, SessionUnavailable
from flask_session_swap.listed import UserSessions
from flask_session_swap.listed.asking import Asking
from flask_session_swap.listed.label import Label
from flask_session_swap.stores.store import Loaded, Swapped
from memory_store import MemoryStore

from .conftest import Clock
from .world import LIFETIME, PREFIX, World


@pytest.fixture
def world(moved_clock: Clock) -> World:
    return World(MemoryStore())


def test_the_list_shows_the_newest_first_with_all_that_a_page_needs(world: World, moved_clock: Clock) -> None:
    first = world.log_in("momo", label="a telephone")
    moved_clock.advance(50)
    world.log_in("momo", label="a laptop")
    world.log_in("ann")
    laptop, telephone = world.of("momo", asking=first).list()
    assert asdict(telephone) == {
        "handle": telephone.handle,
        "created": moved_clock.time - 50,
        "last_seen": moved_clock.time - 50,
        "label": "a telephone",
        "current": True,
    }
    assert (laptop.label, laptop.current) == ("a laptop", False)
    assert telephone.handle != laptop.handle
    assert first not in str(asdict(telephone)) and len(telephone.handle) == 16
    assert not any(session.current for session in world.of("momo").list())


def test_last_seen_is_when_the_life_was_last_extended(world: World, moved_clock: Clock) -> None:
    sid = world.log_in("momo")
    moved_clock.advance(1000)
    there = world.store.load(PREFIX + sid, moved_clock.time)
    assert there is not None
    world.store.swap(PREFIX + sid, there, there.record, LIFETIME, moved_clock.time - 300)
    (session,) = world.of("momo").list()
    assert (session.created, session.last_seen) == (moved_clock.time - 1000, moved_clock.time - 300)
    # An end that another program has made up tells nothing.
    world.store.swap(PREFIX + sid, there, there.record, 9 * LIFETIME, moved_clock.time)
    assert world.of("momo").list()[0].last_seen == moved_clock.time


def test_one_session_is_ended_by_its_handle_and_no_other(world: World) -> None:
    kept, ended, of_ann = world.log_in("momo"), world.log_in("momo"), world.log_in("ann")
    newest, _ = world.of("momo").list()
    assert not world.of("ann").end(newest.handle), "a handle of another user's"
    assert world.of("momo").end(newest.handle)
    assert not world.of("momo").end(newest.handle) and not world.of("momo").end("no-such-handle")
    assert [world.lives(sid) for sid in (kept, ended, of_ann)] == [True, False, True]
    assert world.listed("momo") == [kept]


def test_all_others_are_ended_and_the_one_that_asks_stays(world: World) -> None:
    asks, *others = [world.log_in("momo") for _ in range(40)]
    assert world.of("momo", asking=asks).end_others() == 39
    assert world.lives(asks) and not any(world.lives(sid) for sid in others)
    assert world.listed("momo") == [asks]
    assert world.of("momo").end_others() == 1, "none of the user's asks"


def test_who_has_ended_itself_ends_no_others(world: World, moved_clock: Clock) -> None:
    asks, other = world.log_in("momo"), world.log_in("momo")
    world.log_out("momo", asks)
    with pytest.raises(SessionEnded):
        world.of("momo", asking=asks).end_others()
    assert world.lives(other)
    assert [session.current for session in world.of("momo", asking=asks).list()] == [False]


def asking(
    world: World, sid: str, *, living: Optional[str] = None, ended: Callable[[], None]
) -> UserSessions:
    return UserSessions(world.lists, "momo", Asking(sid, Label("here"), lambda now: living, ended))


def test_a_session_that_got_another_id_meanwhile_is_the_one_that_asks(world: World) -> None:
    first, other = world.log_in("momo"), world.log_in("momo")
    second = world.log_in("momo", renews=first)
    world.of("momo").list()  # tidies
    mine = asking(world, first, living=second, ended=lambda: None)
    assert [session.current for session in mine.list()] == [False, True]
    assert mine.end_others() == 1
    assert world.lives(second) and not world.lives(other)


def test_the_session_that_asks_learns_that_it_was_ended(world: World) -> None:
    told = []
    sid = world.log_in("momo")
    mine = asking(world, sid, ended=lambda: told.append(sid))
    assert mine.end_others() == 0 and told == []
    assert mine.end_all() == 1 and told == [sid]


def test_a_page_of_devices_is_itself_the_first_sight_of_a_session(world: World) -> None:
    world.create("an-id", {"user": "momo"})
    (session,) = asking(world, "an-id", ended=lambda: None).list()
    assert (session.current, session.label) == (True, "here")
    assert world.listed("momo") == ["an-id"]


def test_a_session_is_ended_only_while_it_is_that_users(world: World) -> None:
    changed, null, other = [world.log_in("momo") for _ in range(3)]
    # In place, as Flask does.
    world.change(changed, user="ann")
    world.change(null, user=None)
    assert len(world.of("momo").list()) == 1
    assert world.of("momo").end_all() == 1
    assert [world.lives(sid) for sid in (changed, null, other)] == [True, True, False]
    # Flask may change it back, so it stays in the list.
    world.change(changed, user="momo")
    assert world.of("momo").end_all() == 1
    assert not world.lives(changed)


class Racing(MemoryStore):
    """Somebody else does something just before a swap of a session's record."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Optional[Callable[[str], None]] = None

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        before, self.before = self.before, None
        if before is not None:
            before(key)
        return super().swap(key, expected, new, lifetime, now)


def test_a_session_that_is_changed_while_it_is_ended_ends(moved_clock: Clock) -> None:
    store = Racing()
    world = World(store)
    sid = world.log_in("momo")
    store.before = lambda key: world.change(sid, views=1)
    assert world.of("momo").end_all() == 1
    assert not world.lives(sid)


def test_a_session_that_becomes_another_users_while_it_is_ended_is_spared(moved_clock: Clock) -> None:
    store = Racing()
    world = World(store)
    sid = world.log_in("momo")
    store.before = lambda key: world.change(sid, user="ann")
    assert world.of("momo").end_all() == 0
    assert world.lives(sid)


def test_a_session_that_gets_another_id_while_it_is_ended_is_ended_under_that(moved_clock: Clock) -> None:
    store = Racing()
    world = World(store)
    first, sids = world.log_in("momo"), []
    store.before = lambda key: sids.append(world.log_in("momo", renews=first))
    assert world.of("momo").end_all() == 1
    assert not world.lives(sids[0])
    assert world.listed("momo") == []


def test_a_session_that_is_created_while_all_are_ended_ends_or_is_refused(moved_clock: Clock) -> None:
    store = Racing()
    world = World(store)
    now = clock.now()
    world.lists.enter_new("momo", "to-come", renews=None, instead_of=None, label="", now=now)
    store.before = lambda key: world.create("to-come", {"user": "momo"})
    assert world.of("momo").end_all() == 1
    assert not world.lives("to-come") and world.listed("momo") == []


def test_what_was_ended_before_the_store_failed_leaves_the_list(moved_clock: Clock) -> None:
    store = MemoryStore()
    world = World(store)
    sids = [world.log_in("momo") for _ in range(3)]
    # The list, three looks, and then the second end.
    store.failing = [store.calls + 6]
    with pytest.raises(SessionUnavailable):
        world.of("momo").end_all()
    assert [world.lives(sid) for sid in sids] == [False, True, False]
    assert world.listed("momo") == [sids[1]]
    assert world.of("momo").end_all() == 1


def test_an_id_that_somebody_has_made_up_is_never_looked_up(world: World, moved_clock: Clock) -> None:
    sid = world.log_in("momo")
    users = world.lists.of("momo", moved_clock.time)

    def add(sessions: object) -> bool:
        users_list = sessions
        users_list.entries[0].put("../~user:x", 0, in_front=False)  # type: ignore[attr-defined]
        return True

    users.change(add)
    assert world.of("momo").end_all() == 1
    assert not world.lives(sid) and world.listed("momo") == []
