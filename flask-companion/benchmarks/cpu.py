"""What a page costs the processor with the companion, and with Flask-Session: `../tests/.venv/bin/python benchmarks/cpu.py`.

Two applications in one process, on one Redis, are asked for the same pages in turns, without a web server in
between. Measured is the processor time of the process, of the user and of the system, in microseconds for a request: the median of
all rounds. The ratio is the median of the ratios of the rounds, in which both had the same machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import flask_session
from flask import Flask, session
from redis import Redis as Client
from werkzeug.test import EnvironBuilder

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

import flask_session_swap  # noqa: E402
from servers.redis import Redis  # noqa: E402

#: A page that a visitor asks for, and the sessions that visitors have then.
Page = Tuple[str, str, str]

SMALL, CART = "small", "cart"

PAGES: List[Page] = [
    ("no use of the session", "/untouched", SMALL),
    ("a read", "/read", SMALL),
    ("a write", "/count", SMALL),
    ("no use, 20 items of 1 KB", "/untouched", CART),
    ("a read, 20 items of 1 KB", "/read", CART),
    ("a write, 20 items of 1 KB", "/count", CART),
    ("one item changed of 20", "/change", CART),
]


def item(number: int) -> Dict[str, Any]:
    return {"sku": f"SKU-{number:06}", "name": f"Item {number}", "quantity": 1, "note": "x" * 950}


def application(attach: Callable[[Flask], Any], prefix: str, port: int) -> Flask:
    app = Flask(prefix)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Client(port=port), SESSION_KEY_PREFIX=prefix)
    attach(app)

    @app.get("/untouched")
    def untouched() -> str:
        return "ok"

    @app.get("/read")
    def read() -> str:
        return str(session["user"])

    @app.get("/count")
    def count() -> str:
        session["views"] = session.get("views", 0) + 1
        return str(session["views"])

    @app.get("/change")
    def change() -> str:
        session["cart"][0]["quantity"] += 1
        session.modified = True
        return "changed"

    @app.get("/small", defaults={"items": 0})
    @app.get("/cart", defaults={"items": 20})
    def begin(items: int) -> str:
        session.update(user="momo", views=0, theme="dark", cart=[item(number) for number in range(items)])
        return "welcome"

    return app


class Visitor:
    """Somebody with a session, whose requests go to the application itself."""

    def __init__(self, app: Flask, begins: str) -> None:
        self._app = app
        self._environ = EnvironBuilder(path=f"/{begins}").get_environ()
        (cookie,) = [value for name, value in self._answer(self._environ) if name == "Set-Cookie"]
        self._cookie = cookie.partition(";")[0]

    def asks_for(self, path: str, times: int) -> float:
        """Returns the processor time of one such request in microseconds."""
        environ = EnvironBuilder(path=path, headers={"Cookie": self._cookie}).get_environ()
        began = time.process_time_ns()
        for _ in range(times):
            self._answer(dict(environ))
        return (time.process_time_ns() - began) / times / 1000

    def _answer(self, environ: Dict[str, Any]) -> List[Tuple[str, str]]:
        headers: List[Tuple[str, str]] = []

        def start(status: str, sent: List[Tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
            if not status.startswith("200"):
                raise RuntimeError(f"{environ['PATH_INFO']}: {status}")
            headers.extend(sent)
            return lambda body: None

        body = self._app(environ, start)
        b"".join(body)
        body.close()  # type: ignore[attr-defined]
        return headers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--requests", type=int, default=100, help="for each page, application and round")
    arguments = parser.parse_args()
    server = Redis()
    try:
        table(server.port, arguments.rounds, arguments.requests)
    finally:
        server.stop()


def table(port: int, rounds: int, requests: int) -> None:
    apps = [
        application(flask_session.Session, "flask-session:", port),
        application(flask_session_swap.Session, "companion:", port),
    ]
    print(f"{'µs of processor time per request':<34}{'Flask-Session':>15}{'companion':>12}{'ratio':>8}")
    for title, path, begins in PAGES:
        visitors = [Visitor(app, begins) for app in apps]
        for visitor in visitors:
            visitor.asks_for(path, requests)
        costs = []
        for number in range(rounds):
            # Neither is always the first.
            order = [0, 1] if number % 2 else [1, 0]
            cost = {which: visitors[which].asks_for(path, requests) for which in order}
            costs.append((cost[0], cost[1]))
        theirs, ours = (statistics.median(column) for column in zip(*costs))
        ratio = statistics.median(own / other for other, own in costs)
        print(f"{title:<34}{theirs:>15.0f}{ours:>12.0f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
