"""A process that is killed between any two calls of the store leaves no session that no list names."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

import pytest

from flask_session_swap import clock
from flask_session_swap.errors import SessionEnded
from memory_store import Killed, MemoryStore

from .application import Device, application
from .conftest import Clock
from .world import PREFIX, World

Action = Callable[[World, List[str]], Any]

ACTIONS: Dict[str, Action] = {
    "log in": lambda world, sids: world.log_in("momo"),
    "another id": lambda world, sids: world.log_in("momo", renews=sids[0]),
    "log out": lambda world, sids: world.log_out("momo", sids[0]),
    "end one": lambda world, sids: world.of("momo").end(world.of("momo").list()[0].handle),
    "end others": lambda world, sids: world.of("momo", asking=sids[0]).end_others(),
    "end all": lambda world, sids: world.of("momo").end_all(),
    "list": lambda world, sids: world.of("momo").list(),
    "enter late": lambda world, sids: world.lists.enter_late("momo", sids[1], label="", now=clock.now()),
}


@pytest.mark.parametrize("settings", [{}, {"max_per_user": 3}], ids=["unlimited", "full"])
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_session_is_in_the_list_after_a_kill(moved_clock: Clock, action: str, settings: Any) -> None:
    killed = 0
    while True:
        store = MemoryStore()
        world = World(store, **settings)
        sids = [world.log_in("momo") for _ in range(3)]
        store.killed_after = store.calls + killed
        try:
            ACTIONS[action](world, sids)
        except Killed:
            is_done = False
        else:
            is_done = True
        store.killed_after = None
        sessions = {key for key in store.records if "~user:" not in key and world.lives(key[len(PREFIX) :])}
        assert sessions <= {PREFIX + sid for sid in world.listed("momo")}, f"killed after {killed} calls"
        # So everything can be ended, and what is left of the list goes by itself.
        world.of("momo").end_all()
        assert not any(world.lives(key[len(PREFIX) :]) for key in sessions)
        moved_clock.advance(70)
        world.of("momo").list()
        assert world.listed("momo") == []
        if is_done:
            break
        killed += 1
    assert killed >= 2


def test_whoever_ends_all_at_any_moment_of_a_log_in_ends_or_refuses_it(moved_clock: Clock) -> None:
    moments = 0
    while True:
        store = MemoryStore()
        world = World(store)
        world.log_in("momo")

        class EndedAt(MemoryStore):
            """All sessions are ended before the call with this number."""

            def _call(self) -> None:
                if self.calls == moments:
                    World(store).of("momo").end_all()
                self.calls += 1

        other = EndedAt()
        other.records = store.records
        try:
            sid = World(other).log_in("momo")
        except SessionEnded:
            pass
        else:
            # It was entered afterwards, or ended.
            assert World(store).lives(sid) == (sid in World(store).listed("momo"))
        World(store).of("momo").end_all()
        assert not any("~user:" not in key and world.lives(key[len(PREFIX) :]) for key in store.records)
        if moments > other.calls:
            break
        moments += 1
    assert moments >= 3


PAGES: Dict[str, List[str]] = {
    "a log-in": ["/log-in/momo"],
    "a log-in again": ["/log-in/momo", "/log-in/momo"],
    "a log-in of another user": ["/log-in/ann", "/log-in/momo"],
    "another user after momo": ["/log-in/momo", "/log-in/ann"],
    "a log-in of a visitor": ["/set/cart/tea", "/log-in/momo"],
    "a new id": ["/log-in/momo", "/renew"],
    "a log-out": ["/log-in/momo", "/log-out"],
    "the end of all": ["/log-in/momo", "/end-all"],
    "the end of all others": ["/log-in/momo", "/end-others"],
}


@pytest.mark.parametrize("limit", [None, 2])
@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_session_that_a_page_has_made_is_in_the_list_after_a_kill(
    moved_clock: Clock, monkeypatch: pytest.MonkeyPatch, page: str, limit: Optional[int]
) -> None:
    *before, path = PAGES[page]
    killed = 0
    while True:
        store = MemoryStore()
        app = application(store, monkeypatch, SESSION_MAX_PER_USER=limit)
        for _ in range(2):
            Device(app).log_in()
        device = Device(app)
        for earlier in before:
            assert device.post(earlier).status_code == 200
        store.killed_after = store.calls + killed
        try:
            device.post(path)
        except Killed:
            is_done = False
        else:
            is_done = True
        store.killed_after = None
        world = World(store)
        sids = {key[len(PREFIX) :] for key in store.records if "~" not in key}
        momos = {sid for sid in sids if world.data(sid).get("user") == "momo"}
        assert momos <= set(world.listed("momo")), f"killed after {killed} calls"
        assert Device(app).post("/admin/end/momo").status_code == 200
        assert not any(world.lives(sid) for sid in momos)
        if is_done:
            break
        killed += 1
    assert killed >= 3
