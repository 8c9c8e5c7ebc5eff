"""What is special about sessions in memcached."""

from __future__ import annotations

import os
import socket
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, List

import pytest
from flask import Flask
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.client.retrying import RetryingClient
from pymemcache.serde import compressed_serde, pickle_serde

from flask_session_swap import ConfigurationError, clock
from flask_session_swap.records import Msgspec
from flask_session_swap.stores.memcached import MemcachedStore, connection, open_memcached
from flask_session_swap.stores.store import Done, Loaded, StoreError
from servers.memcached import Memcached
from servers.process import PATIENCE

from .after_flask_session import goes_on_at_either
from .place import app_with

KEY = "session:key"
HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def server() -> Iterator[Memcached]:
    server = Memcached()
    yield server
    server.stop()


def opened(client: object) -> MemcachedStore:
    return open_memcached(app_with(SESSION_MEMCACHED=client))


def create(store: MemcachedStore, key: str, new: bytes, lifetime: int = HOUR) -> Loaded:
    done = store.swap(key, None, new, lifetime, clock.now())
    assert isinstance(done, Done) and isinstance(done.version, int)
    loaded = store.load(key, clock.now())
    assert loaded is not None and loaded.version == done.version and loaded.record == new
    return loaded


def life_of(server: Memcached, key: str = KEY) -> int:
    """Returns what is left of an item's life in seconds; -1 is for ever."""
    answer: bytes = Client(server.address).raw_command(f"mg {key} t")
    return int(answer.split(b" t")[1])


def near(one: float, other: float) -> bool:
    return abs(one - other) < PATIENCE


@pytest.mark.parametrize(
    "client",
    [
        lambda address: Client(address),
        lambda address: Client(address, default_noreply=False, ignore_exc=True, timeout=5),
        lambda address: PooledClient(address, max_pool_size=2),
        lambda address: HashClient([address]),
        lambda address: HashClient([address], use_pooling=True, ignore_exc=True),
        lambda address: Client(address, serde=pickle_serde),
    ],
)
def test_every_client_of_pymemcache_finds_what_the_store_writes_and_the_other_way(
    memcached_server: Memcached, client: Any
) -> None:
    app = client(memcached_server.address)
    store = opened(app)
    store.delete(KEY, clock.now())
    create(store, KEY, b"record")
    assert app.get(KEY) == b"record"
    app.set(KEY, b"theirs", 100, noreply=False)
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.record == b"theirs"
    assert loaded.expires is not None and near(loaded.expires, clock.now() + 100)
    assert isinstance(store.swap(KEY, loaded, None, None, clock.now()), Done)
    assert app.get(KEY) is None


def test_the_settings_of_the_client_hold(memcached_server: Memcached) -> None:
    app = Client(memcached_server.address, key_prefix=b"mine:", serde=compressed_serde)
    store = opened(app)
    store.delete(KEY, clock.now())
    record = b"a long record " * 1000
    create(store, KEY, record)
    assert app.get(KEY) == record
    stored = Client(memcached_server.address).get("mine:" + KEY)
    assert stored is not None and len(stored) < 1000


def test_flask_session_and_the_store_share_a_session(memcached_server: Memcached) -> None:
    app = Flask("tests")
    app.config.update(SESSION_TYPE="memcached", SESSION_MEMCACHED=Client(memcached_server.address))
    goes_on_at_either(app, open_memcached, Msgspec("msgpack"))


def test_the_same_record_under_another_number_is_still_the_expected_one(memcached_server: Memcached) -> None:
    app = Client(memcached_server.address, default_noreply=False)
    store = opened(app)
    store.delete(KEY, clock.now())
    loaded = create(store, KEY, b"record")
    # As Flask-Session refreshes a session.
    app.set(KEY, b"record", HOUR)
    assert isinstance(store.swap(KEY, loaded, b"new", None, clock.now()), Done)
    app.set(KEY, b"new", HOUR)
    assert isinstance(store.swap(KEY, Loaded(b"new", version=loaded.version), None, None, clock.now()), Done)


@pytest.mark.parametrize("life", [1, HOUR, 30 * DAY, 30 * DAY + 1, 400 * DAY])
def test_the_life_is_the_one_that_was_asked_for_beyond_thirty_days_too(memcached_server: Memcached, life: int) -> None:
    store = opened(Client(memcached_server.address))
    store.delete(KEY, clock.now())
    assert isinstance(store.swap(KEY, None, b"record", life, clock.now()), Done)
    if life > 1:
        assert near(life_of(memcached_server), life)


def test_a_swap_that_keeps_the_end_names_what_was_left_of_the_life(memcached_server: Memcached) -> None:
    store = opened(Client(memcached_server.address))
    for life in (HOUR, 40 * DAY):
        store.delete(KEY, clock.now())
        loaded = create(store, KEY, b"old", life)
        kept = store.swap(KEY, loaded, b"new", None, clock.now())
        assert isinstance(kept, Done) and near(life_of(memcached_server), life)
        # Its end is asked for where it is not known.
        assert isinstance(store.swap(KEY, Loaded(b"new", None, kept.version), b"newer", None, clock.now()), Done)
        assert near(life_of(memcached_server), life)


def test_a_record_without_an_end_keeps_none(memcached_server: Memcached) -> None:
    app = Client(memcached_server.address, default_noreply=False)
    store = opened(app)
    app.set(KEY, b"old")
    loaded = store.load(KEY, clock.now())
    assert loaded is not None and loaded.expires is None
    assert isinstance(store.swap(KEY, loaded, b"new", None, clock.now()), Done)
    assert life_of(memcached_server) == -1


def test_a_record_too_large_for_an_item_is_refused_and_the_old_one_stays(server: Memcached) -> None:
    store = opened(Client(server.address))
    loaded = create(store, KEY, b"old")
    for size in (1024 * 1024, 1024 * 1024 - 50):
        with pytest.raises(StoreError, match="more than") as raised:
            store.swap(KEY, loaded, b"x" * size, HOUR, clock.now())
        assert not raised.value.is_open
    assert isinstance(store.swap(KEY, loaded, b"x" * (1024 * 1024 - 200), HOUR, clock.now()), Done)


def test_what_only_the_server_finds_too_large_is_an_error_whose_outcome_is_open(
    server: Memcached, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(Client(server.address))
    loaded = create(store, KEY, b"old")
    monkeypatch.setattr(connection.Server, "limit", lambda self: 2**31)
    with pytest.raises(StoreError, match="too large") as raised:
        store.swap(KEY, loaded, b"x" * 2_000_000, HOUR, clock.now())
    # The server has dropped the old one.
    assert raised.value.is_open and store.load(KEY, clock.now()) is None


def test_a_key_that_no_item_can_have_is_absent_and_can_not_be_written(memcached_server: Memcached) -> None:
    store = opened(Client(memcached_server.address))
    for key in ("session:" + "x" * 243, "session:a b", "session:a\r\ndelete b"):
        assert store.load(key, clock.now()) is None
        assert store.delete(key, clock.now()) is False
        with pytest.raises(StoreError) as raised:
            store.swap(key, None, b"record", HOUR, clock.now())
        assert not raised.value.is_open
    longest = "session:" + "x" * 242
    store.delete(longest, clock.now())
    create(store, longest, b"record")


def test_of_several_servers_each_session_is_where_the_client_looks_and_none_moves(server: Memcached) -> None:
    other = Memcached()
    app = HashClient([server.address, other.address], default_noreply=False)
    store = opened(app)
    keys = [f"session:{number}" for number in range(40)]
    for key in keys:
        create(store, key, key.encode())
        assert app.get(key) == key.encode()
    here = [key for key in keys if Client(server.address).get(key)]
    assert 0 < len(here) < len(keys)
    other.stop()
    for key in keys:
        if key in here:
            assert store.load(key, clock.now()) is not None
            continue
        for call in (
            lambda: store.load(key, clock.now()),
            lambda: store.swap(key, None, b"another", HOUR, clock.now()),
            lambda: store.delete(key, clock.now()),
        ):
            with pytest.raises(StoreError) as raised:
                call()
            assert not raised.value.is_open
    # The client itself takes the server out, and looks on the other one.
    for _ in range(5):
        try:
            app.get(next(key for key in keys if key not in here))
        except Exception:
            app.retry_timeout = -1
    with pytest.raises(StoreError):
        store.load(next(key for key in keys if key not in here), clock.now())


def test_a_restart_that_nobody_noticed_costs_no_call(server: Memcached) -> None:
    store = opened(Client(server.address))
    start = threading.Barrier(8)

    def load(_: int) -> None:
        start.wait(PATIENCE)
        store.load(KEY, clock.now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(load, range(8)))
    create(store, KEY, b"record")
    server.restart()
    assert store.load(KEY, clock.now()) is None
    create(store, KEY, b"record")


class Silent:
    """A server that says what it is told to, and then nothing more."""

    def __init__(self, *answers: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.heard: List[bytes] = []
        self._answers = answers
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            stream, _ = self._listener.accept()
            for answer in self._answers:
                self.heard.append(stream.recv(65536))
                stream.sendall(answer)
            self.heard.append(stream.recv(65536))
            # It closes the connection, or keeps quiet if it has nothing to say.
            if self._answers:
                stream.close()


def test_a_swap_whose_answer_is_lost_is_open_and_not_sent_again() -> None:
    server = Silent(b"VERSION 1.6.18\r\n", b"STAT item_size_max 1048576\r\nEND\r\n")
    store = opened(Client(server.address))
    with pytest.raises(StoreError) as raised:
        store.swap(KEY, Loaded(b"old", clock.now() + HOUR, 7), b"new", HOUR, clock.now())
    assert raised.value.is_open
    swaps = [heard for heard in server.heard if heard.startswith(b"ms")]
    assert swaps == [b"ms session:key 3 c T3600 F0 C7\r\nnew\r\n"]
    with pytest.raises(StoreError) as raised:
        store.load(KEY, clock.now())
    assert not raised.value.is_open


def test_a_server_that_stands_still_is_an_error_and_its_late_answer_is_nobodys(server: Memcached) -> None:
    store = opened(Client(server.address, timeout=0.5))
    loaded = create(store, KEY, b"old")
    server.process.pause()
    try:
        with pytest.raises(StoreError) as raised:
            store.swap(KEY, loaded, b"new", HOUR, clock.now())
        assert raised.value.is_open
    finally:
        server.process.resume()
    other = create(opened(Client(server.address)), "session:other", b"other")
    for _ in range(3):
        loaded = store.load("session:other", clock.now())
        assert loaded is not None and (loaded.record, loaded.version) == (b"other", other.version)


def test_a_server_without_compare_and_swap_is_an_error_that_says_so() -> None:
    server = Memcached("-C")
    try:
        with pytest.raises(StoreError, match="without the option -C") as raised:
            opened(Client(server.address)).swap(KEY, None, b"record", HOUR, clock.now())
        assert not raised.value.is_open
    finally:
        server.stop()


def test_a_client_without_a_time_limit_does_not_wait_for_ever(
    server: Memcached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PATIENCE", 0.2)
    store = opened(Client(server.address))
    server.process.pause()
    with pytest.raises(StoreError) as raised:
        store.swap(KEY, None, b"new", HOUR, clock.now())
    # There was no connection yet.
    assert not raised.value.is_open


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ((b"VERSION 1.5.22\r\n",), "memcached 1.6 or newer"),
        ((b"VERSION 1.6.18\r\n", b"STAT cas_enabled no\r\nEND\r\n"), "without the option -C"),
        ((b"VERSION 1.6.18\r\n", b"END\r\n", b"SERVER_ERROR out of memory\r\n"), "out of memory"),
        ((b"VERSION 1.6.18\r\n", b"END\r\n", b"CLIENT_ERROR session:key is bad\r\n"), "refused a command"),
        ((b"VERSION 1.6.18\r\n", b"END\r\n", b"HTTP/1.1 400 session:key\r\n"), "not one of its meta protocol"),
        ((b"VERSION 1.6.18\r\n", b"END\r\n", b"VA 3 t5\r\nabc\r\n"), "without its cas number"),
        ((b"VERSION 1.6.18\r\n", b"END\r\n", b"VA x c1\r\n"), "not one of its meta protocol"),
        ((b"hello\r\n",), "can't be reached"),
    ],
)
def test_an_answer_that_is_none_is_an_error_that_names_no_session(answers: List[bytes], text: str) -> None:
    store = opened(Client(Silent(*answers).address))
    with pytest.raises(StoreError, match=text) as raised:
        store.load(KEY, clock.now())
    assert not raised.value.is_open
    assert "session:key" not in "".join(traceback.format_exception(None, raised.value, raised.tb))


def test_a_forked_process_has_connections_of_its_own(memcached_server: Memcached) -> None:
    store = opened(Client(memcached_server.address))
    keys = ["session:parent", "session:child"]
    for key in keys:
        store.delete(key, clock.now())
        create(store, key, key.encode())

    def all_right(key: str) -> bool:
        return all((found := store.load(key, clock.now())) and found.record == key.encode() for _ in range(300))

    child = os.fork()
    if child == 0:
        os._exit(0 if all_right(keys[1]) else 1)
    assert all_right(keys[0])
    assert os.waitpid(child, 0)[1] == 0


class Other:
    """Whatever has the methods that Flask-Session asks for."""

    get = set = delete = None


class LosesBytes:
    def serialize(self, key: bytes, value: bytes) -> Any:
        return value.decode("ascii", "replace").encode(), 0

    def deserialize(self, key: str, value: bytes, flags: int) -> Any:
        return value


@pytest.mark.parametrize(
    ("client", "text"),
    [
        (RetryingClient(Client("127.0.0.1:1")), "RetryingClient"),
        (Other(), r"test_memcached.Other.*pymemcache.HashClient"),
        ("127.0.0.1:11211", "builtins.str"),
        (HashClient([]), "without a server"),
        (Client("127.0.0.1:1", serde=LosesBytes()), "serializer"),
        (PooledClient("127.0.0.1:1", serializer=lambda key, value: 1 / 0), "serializer"),
    ],
)
def test_a_client_with_which_nothing_can_be_swapped_is_refused(client: object, text: str) -> None:
    with pytest.raises(ConfigurationError, match="SESSION_MEMCACHED") as raised:
        opened(client)
    raised.match(text)


@pytest.mark.parametrize("prefix", ["x" * 181, "a b:", "a\n:"])
def test_a_prefix_with_which_no_item_can_have_a_key_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="SESSION_KEY_PREFIX has at most 179 bytes"):
        open_memcached(
            app_with(SESSION_MEMCACHED=Client("127.0.0.1:1", key_prefix=b"?"), SESSION_KEY_PREFIX=prefix)
        )


def test_without_a_client_sessions_are_on_this_machine_as_in_flask_session() -> None:
    with pytest.warns(RuntimeWarning, match="127.0.0.1:11211"):
        opened(None)


def test_a_store_is_opened_while_its_server_is_down() -> None:
    store = opened(Client("127.0.0.1:1"))
    with pytest.raises(StoreError, match="127.0.0.1:1 can't be reached") as raised:
        store.swap(KEY, None, b"record", HOUR, clock.now())
    assert not raised.value.is_open
