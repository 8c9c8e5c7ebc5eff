"""A network that fails when a test says so."""

from __future__ import annotations

import socket
import threading
from typing import Callable, Optional


class Proxy:
    """Leads to a port of this machine. What a client sends always gets there."""

    def __init__(self, to_port: int) -> None:
        #: Everything that clients have sent.
        self.sent = b""
        #: How many answers were lost.
        self.lost = 0
        #: The answer to the next message that has this in it is lost, and its connection is cut then.
        self.cut_at: Optional[bytes] = None
        #: The same, but the connection stays, and the answer comes when nobody waits for it: before the next.
        self.lose_at: Optional[bytes] = None
        #: A message with this in it does not get to the server, but is answered so.
        self.answer_at: Optional[bytes] = None
        self.answer = b""
        #: Nothing is answered before a client has sent this.
        self.hold_until: Optional[bytes] = None
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def count(self, word: bytes) -> int:
        """Returns how often clients have sent a word of a command."""
        return self.sent.count(b"\r\n" + word + b"\r\n")

    def stop(self) -> None:
        # It ends the thread that accepts, too.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:
                client.close()
            else:
                _Link(self, client, server)


class _Link:
    """One connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._loses = self._cuts = False
        self._late = b""
        self._may_answer = threading.Event()
        for run in (self._forth, self._back):
            threading.Thread(target=self._until_closed, args=(run,), daemon=True).start()

    def _until_closed(self, run: Callable[[], None]) -> None:
        try:
            run()
        except OSError:
            pass
        finally:
            for end in (self._client, self._server):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _forth(self) -> None:
        proxy = self._proxy
        for data in iter(lambda: self._client.recv(65536), b""):
            proxy.sent += data
            late, self._late = self._late, b""
            self._client.sendall(late)
            if proxy.answer_at is not None and proxy.answer_at in data:
                self._client.sendall(proxy.answer)
                continue
            self._cuts = self._cuts or (proxy.cut_at is not None and proxy.cut_at in data)
            self._loses = self._loses or (proxy.lose_at is not None and proxy.lose_at in data)
            if proxy.hold_until is None or proxy.hold_until in data:
                self._may_answer.set()
            self._server.sendall(data)

    def _back(self) -> None:
        for data in iter(lambda: self._server.recv(65536), b""):
            # The server has done it by now.
            self._proxy.lost += self._cuts or self._loses
            if self._cuts:
                return
            self._may_answer.wait()
            if self._loses:
                self._late, self._loses = data, False
            else:
                self._client.sendall(data)
