"""Records without room for what is sealed in them."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from flask_session_swap.stores.store import Loaded, Swapped
from memory_store import MemoryStore

from .application import Device, application
from .conftest import Clock
from .world import PREFIX, World


class Busy(MemoryStore):
    """A store in which somebody else always changes a session first."""

    is_busy = False
    _changes = 0

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        if self.is_busy and "~" not in key and new is not None:
            self._changes += 1
            self.is_busy = False
            World(self).change(key[len(PREFIX) :], n=self._changes)
            self.is_busy = True
        return super().swap(key, expected, new, lifetime, now)


def with_user_of_flask(store: MemoryStore, device: Device) -> None:
    """Logs a user in as a program does that knows no lists."""
    assert device.sid is not None
    World(store).change(device.sid, user="momo")


def test_a_change_that_fits_is_saved_also_where_its_seal_does_not_fit(
    moved_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    device = Device(application(store, monkeypatch, SESSION_MAX_SIZE=200))
    device.post("/set/cart/" + "x" * 150)
    with_user_of_flask(store, device)
    assert device.post("/set/a/b").status_code == 200
    assert World(store).data(str(device.sid))["a"] == "b"


def test_nobody_is_ended_for_a_log_in_that_does_not_fit(
    moved_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for length in range(20, 120):
        app = application(MemoryStore(), monkeypatch, SESSION_MAX_SIZE=200, SESSION_MAX_PER_USER=1)
        other, device = Device(app), Device(app)
        other.log_in()
        device.post("/set/c/" + "x" * length)
        assert device.post("/log-in/momo").status_code == 200 or other.user == "momo", length


def test_a_session_without_room_for_its_seal_is_extended_all_the_same(
    moved_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    device = Device(application(store, monkeypatch, SESSION_MAX_SIZE=200))
    device.post("/set/cart/" + "x" * 165)
    expires = store.records[f"{PREFIX}{device.sid}"].expires or 0
    moved_clock.advance(20 * 24 * 3600)
    settings: Any = {"SESSION_MAX_SIZE": 200, "SESSION_ABSOLUTE_LIFETIME": 10**8, "SESSION_LIFETIME_MAX": 10**7}
    client = application(store, monkeypatch, **settings).test_client()
    client.set_cookie("session", str(device.sid))
    assert client.get("/who").status_code == 200
    assert (store.records[f"{PREFIX}{device.sid}"].expires or 0) > expires


def test_a_page_that_only_reads_does_not_fail_by_a_seal_for_which_others_are_always_faster(
    moved_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Busy()
    device = Device(application(store, monkeypatch, SESSION_SWAP_ATTEMPTS=3))
    device.post("/set/cart/tea")
    with_user_of_flask(store, device)
    store.is_busy = True
    assert device.get("/who").status_code == 200
