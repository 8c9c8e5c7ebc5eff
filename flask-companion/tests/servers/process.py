"""A server that a test starts."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, Mapping, Optional, Sequence

#: The time that a server may take to come up or to end: generous, since a loaded machine is slow, and only a
#: failing test ever waits for all of it.
PATIENCE = 60.0

#: Below the range from which Linux takes the ports of outgoing connections, and beside that of Rust's tests.
_FIRST, _COUNT = 30_000, 2_700
#: What keeps ports from other test processes, as long as this one runs.
_taken: Dict[int, socket.socket] = {}


def free_port() -> int:
    """Returns a port on 127.0.0.1 that nothing listens on and that no test process has been given before."""
    for number in range(_COUNT):
        # Test processes that run side by side start at different places.
        port = _FIRST + (os.getpid() * 50 + len(_taken) + number) % _COUNT
        mark = socket.socket(socket.AF_UNIX)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                # A name that nobody else can have.
                mark.bind(f"\0port-of-tests-{port}")
                listener.bind(("127.0.0.1", port))
            except OSError:
                mark.close()
                continue
        _taken[port] = mark
        return port
    raise AssertionError("there is no free port")


def answers(port: int) -> bool:
    """Tells whether something accepts connections on this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits until something holds, and fails if that takes too long."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not {what} within {PATIENCE} seconds"
        time.sleep(0.02)


class Folder:
    """A temporary folder."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="flask-session-swap-"))
        # Whoever fails to start a server doesn't stop it.
        atexit.register(self.remove)

    def remove(self) -> None:
        # A server that has just been killed may leave its last file in between.
        shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A running program. What it prints goes to a file, which is shown when something fails."""

    def __init__(
        self, command: Sequence[object], install: str, environment: Optional[Mapping[str, str]] = None
    ) -> None:
        self._output = tempfile.TemporaryFile()
        # It does not outlive the tests, however they end.
        words = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
        assert shutil.which(words[3], path=PATH), f"{words[3]} is not installed; install it with: {install}"
        self._child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PATH": PATH, **(environment or {})},
        )

    def output(self) -> str:
        """Returns everything it has printed."""
        self._output.seek(0)
        return self._output.read().decode("utf-8", "replace")

    def wait_until(self, what: str, ready: Callable[[], bool]) -> None:
        """Waits until it is ready. Fails with its output if it ends before that, or takes too long."""

        def alive_and_ready() -> bool:
            assert self._child.poll() is None, f"it ended before it was {what}:\n{self.output()}"
            return ready()

        until(alive_and_ready, what)

    def pause(self) -> None:
        """Lets it stand still with all its connections open."""
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends ``pause``."""
        self._child.send_signal(signal.SIGCONT)

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Ends it, and waits until it is gone."""
        self._child.send_signal(with_signal)
        self._child.wait(PATIENCE)


#: Debian keeps servers where only root looks for programs.
PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def run(command: Sequence[object], environment: Optional[Mapping[str, str]] = None) -> str:
    """Runs a program to its end and returns what it has printed. One that fails, fails the test."""
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={**os.environ, "PATH": PATH, **(environment or {})},
    )
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, output
    return output
