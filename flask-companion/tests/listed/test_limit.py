"""As many sessions of a user as are allowed, and as a record can hold."""

from __future__ import annotations

from typing import Any

import pytest

from flask_session_swap.errors import TooManySessions
from memory_store import MemoryStore

from .conftest import Clock
from .world import PREFIX, World


@pytest.fixture
def oldest(moved_clock: Clock) -> World:
    return World(MemoryStore(), max_per_user=2)


@pytest.fixture
def refusing(moved_clock: Clock) -> World:
    return World(MemoryStore(), max_per_user=2, when_full="refuse")


def alive(world: World, *sids: str) -> list[bool]:
    return [world.lives(sid) for sid in sids]


def test_the_oldest_session_is_ended(oldest: World) -> None:
    sids = [oldest.log_in("momo") for _ in range(4)]
    assert alive(oldest, *sids) == [False, False, True, True]
    assert oldest.listed("momo") == sids[2:]
    assert alive(oldest, oldest.log_in("ann"), *sids[2:]) == [True] * 3


def test_a_session_that_is_entered_again_ends_no_other(oldest: World) -> None:
    first, second = oldest.log_in("momo"), oldest.log_in("momo")
    first = oldest.log_in("momo", renews=first)
    assert alive(oldest, first, second) == [True, True]
    # It stays the oldest one.
    third = oldest.log_in("momo")
    assert alive(oldest, first, second, third) == [False, True, True]


def test_what_has_ended_does_not_count(oldest: World, moved_clock: Clock) -> None:
    first, second = oldest.log_in("momo"), oldest.log_in("momo")
    moved_clock.advance(70)
    oldest.store.delete(PREFIX + second, moved_clock.time)
    third = oldest.log_in("momo")
    assert alive(oldest, first, third) == [True, True]
    assert oldest.listed("momo") == [first, third]


def test_a_log_in_that_is_under_way_counts(refusing: World, moved_clock: Clock) -> None:
    refusing.log_in("momo")
    refusing.lists.enter_new("momo", "to-come", renews=None, instead_of=None, label="", now=moved_clock.time)
    with pytest.raises(TooManySessions):
        refusing.log_in("momo")
    moved_clock.advance(70)
    assert refusing.lives(refusing.log_in("momo"))


def test_a_log_in_is_refused_and_nothing_is_entered(refusing: World) -> None:
    sids = [refusing.log_in("momo") for _ in range(2)]
    with pytest.raises(TooManySessions) as refused:
        refusing.log_in("momo")
    assert refused.value.code == 409
    assert refusing.listed("momo") == sids
    assert refusing.lives(refusing.log_in("ann"))
    # The same session may be renewed.
    renewed = refusing.log_in("momo", renews=sids[0])
    refusing.log_out("momo", renewed)
    assert refusing.lives(refusing.log_in("momo"))


def test_what_has_ended_makes_room_for_a_log_in_that_would_be_refused(
    refusing: World, moved_clock: Clock
) -> None:
    sids = [refusing.log_in("momo") for _ in range(2)]
    moved_clock.advance(70)
    refusing.store.delete(PREFIX + sids[0], moved_clock.time)
    new = refusing.log_in("momo")
    assert refusing.listed("momo") == [sids[1], new]


def test_a_session_of_somebody_else_does_not_count(refusing: World, moved_clock: Clock) -> None:
    sids = [refusing.log_in("momo") for _ in range(2)]
    refusing.change(sids[0], user="ann")
    assert refusing.lives(refusing.log_in("momo"))
    assert refusing.lives(sids[0])


def test_a_session_that_exists_is_not_refused(refusing: World, moved_clock: Clock) -> None:
    for _ in range(2):
        refusing.log_in("momo")
    refusing.create("an-id", {"user": "momo"})
    assert refusing.lists.enter_late("momo", "an-id", label="", now=moved_clock.time)
    assert len(refusing.of("momo").list()) == 3


def test_a_session_that_has_ended_meanwhile_ends_no_other(oldest: World, moved_clock: Clock) -> None:
    sids = [oldest.log_in("momo") for _ in range(2)]
    assert not oldest.lists.enter_late("momo", "ended", label="", now=moved_clock.time)
    assert alive(oldest, *sids) == [True, True]
    assert oldest.listed("momo") == sids


@pytest.mark.parametrize("settings", [{}, {"max_per_user": 100}])
def test_a_list_that_is_full_ends_the_oldest_session_and_loses_old_labels(
    moved_clock: Clock, settings: Any
) -> None:
    world = World(MemoryStore(), **settings)
    sids = [world.log_in("momo", label="x" * 200) for _ in range(450)]
    listed = world.listed("momo")
    assert listed == sids[-len(listed) :]
    assert len(listed) == settings.get("max_per_user", len(listed)) and len(listed) >= 100
    assert alive(world, *sids) == [sid in listed for sid in sids]
    key = next(key for key in world.raw.records if "~user:" in key)  # type: ignore[attr-defined]
    assert len(world.raw.records[key].record) < 65_535  # type: ignore[attr-defined]
    labels = world.labels("momo")
    assert labels[0] == "x" * 200 and len(labels) == len(listed)
