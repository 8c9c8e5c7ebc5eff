"""Lists in real stores, which threads and processes change at once. The prefix is the test's own."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, List, Tuple

import pytest

from flask_session_swap.errors import SessionEnded
from flask_session_swap.records import Format, Msgspec, Pickle
from flask_session_swap.stores.store import Store
from servers.process import PATIENCE
from stores.places import PLACES

from .world import World

#: One place of each store.
STORES = ("files", "memcached", "mongodb", "postgresql", "redis", "sqlite")

#: Where two processes meet, of which each takes seconds to start. How a store compares is tested with all of
#: them.
OF_PROCESSES = STORES if os.environ.get("SESSION_TESTS_LONG") else ("files", "redis")

Where = Tuple[str, str]


def world_at(where: Where, **settings: Any) -> World:
    """Opens the store of a place, as another process would."""
    place, address = where
    store: Store = PLACES[place].open(address)
    records: Format = Pickle() if getattr(store, "pickles", False) else Msgspec("msgpack")
    return World(store, records, **settings)


@pytest.fixture(params=STORES)
def where(request: pytest.FixtureRequest) -> Where:
    return request.param, PLACES[request.param].make(request)


@pytest.fixture(params=OF_PROCESSES)
def where_processes_meet(request: pytest.FixtureRequest) -> Where:
    return request.param, PLACES[request.param].make(request)


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return "momo " + secrets.token_hex(8)


def log_in_often(where: Where, user: str, times: int) -> List[str]:
    world = world_at(where)
    return [world.log_in(user) for _ in range(times)]


def test_two_processes_that_enter_sessions_at_once_lose_none(where_processes_meet: Where, user: str) -> None:
    where = where_processes_meet
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        entered = [pool.apply_async(log_in_often, (where, user, 10)) for _ in range(2)]
        sids = [sid for one in entered for sid in one.get(PATIENCE)]
    world = world_at(where)
    assert sorted(world.listed(user)) == sorted(sids)
    assert len(world.of(user).list()) == 20
    assert world.of(user).end_all() == 20
    assert not any(world.lives(sid) for sid in sids)
    assert world.listed(user) == []


def try_to_log_in(world: World, user: str) -> str:
    """Returns the id; nothing if the session was ended while it was being created."""
    try:
        return world.log_in(user)
    except SessionEnded:
        return ""


def at_once(*tasks: Callable[[], Any]) -> List[Any]:
    """Runs tasks in threads that begin together."""
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        start.wait(PATIENCE)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [running.result(PATIENCE) for running in [pool.submit(run, task) for task in tasks]]


def test_threads_that_log_in_and_out_at_once_leave_who_is_in(where: Where, user: str) -> None:
    world = world_at(where)

    def in_and_out() -> str:
        for _ in range(3):
            world.log_out(user, world.log_in(user))
        return world.log_in(user)

    living = at_once(*[in_and_out] * 6)
    assert sorted(world.listed(user)) == sorted(living)


def test_whoever_logs_in_beside_the_end_of_all_is_out_refused_or_in_the_list(where: Where, user: str) -> None:
    worlds = [world_at(where) for _ in range(4)]

    for _ in range(10):
        before = worlds[0].log_in(user)
        log_ins = [lambda world=world: try_to_log_in(world, user) for world in worlds]
        *sids, _ = at_once(*log_ins, worlds[0].of(user).end_all)
        assert not worlds[0].lives(before)
        living = [sid for sid in sids if sid and worlds[0].lives(sid)]
        assert set(living) <= set(worlds[0].listed(user))
        worlds[0].of(user).end_all()
        assert not any(worlds[0].lives(sid) for sid in sids if sid)


def test_no_more_log_ins_at_once_succeed_than_sessions_are_allowed(where: Where, user: str) -> None:
    worlds = [world_at(where, max_per_user=2) for _ in range(6)]
    at_once(*[lambda world=world: try_to_log_in(world, user) for world in worlds])
    assert len(worlds[0].of(user).list()) == 2
