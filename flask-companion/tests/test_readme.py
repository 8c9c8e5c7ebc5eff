"""What the package's page shows is run, from the top to the end."""

from __future__ import annotations

import ast
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from flask.testing import FlaskClient

from flask_session_swap.settings import _OWN_KEYS, Settings
from servers.redis import Redis

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "flask-companion/README.md"


def blocks() -> List[Tuple[str, str]]:
    """The language and the text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(redis_server: Redis) -> Dict[str, Any]:
    """All names of the page, after its code was run with a server of the tests."""
    names: Dict[str, Any] = {"__name__": "page"}
    for language, code in blocks():
        if language == "python":
            exec(compile(code.replace("redis://localhost:6379", redis_server.url), str(PAGE), "exec"), names)
    return names


def test_every_block_of_the_page_is_run_but_the_installation() -> None:
    others = [code for language, code in blocks() if language != "python"]
    assert others == ["pip install './flask-companion[redis]'\n"]


def test_views_of_requests_at_once_all_count(page: Dict[str, Any]) -> None:
    client = page["app"].test_client(use_cookies=False)
    cookie = client.get("/").headers["Set-Cookie"].split(";")[0]

    def view(_: int) -> int:
        return int(client.get("/", headers={"Cookie": cookie}).status_code)

    with ThreadPoolExecutor(16) as visitors:
        assert set(visitors.map(view, range(16))) == {200}
    assert client.get("/", headers={"Cookie": cookie}).text == "18 views"


def test_the_pages_of_devices_show_and_end_them(page: Dict[str, Any]) -> None:
    clients: List[FlaskClient] = [page["devices_app"].test_client() for _ in range(3)]
    assert clients[0].get("/devices").status_code == 401
    for client in clients:
        assert client.post("/login", data={"username": "momo", "remember": "on"}).status_code == 303
    listed = clients[0].get("/devices").json
    assert listed is not None and [device["current"] for device in listed] == [False, False, True]
    assert clients[0].post("/devices/end", data={"handle": listed[0]["handle"]}).status_code == 204
    assert clients[0].post("/devices/end", data={"handle": listed[0]["handle"]}).status_code == 404
    assert clients[0].post("/devices/end-others").status_code == 204
    assert [client.get("/devices").status_code for client in clients] == [200, 401, 401]
    with page["devices_app"].app_context():
        page["lock_out"]("momo")
    assert clients[0].get("/devices").status_code == 401


def test_the_pages_for_errors_are_those_that_are_answered(page: Dict[str, Any], redis_server: Redis) -> None:
    client = page["app"].test_client()
    client.post("/login", data={"username": "momo"})

    def end_meanwhile() -> None:
        redis_server.command("FLUSHDB")

    page["app"].view_functions["index"] = lambda: (page["session"].update(a=1), end_meanwhile(), "done")[-1]
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (409, "You have been logged out meanwhile.")


@pytest.mark.parametrize(("page", "column"), [("flask-companion/README.md", 1), ("docs/from-flask.md", 2)])
def test_a_table_of_settings_names_all_of_them_with_their_defaults(page: str, column: int) -> None:
    rows = [line.strip("|").split(" | ") for line in (ROOT / page).read_text(encoding="utf-8").splitlines()]
    named = {}
    for row in rows:
        key = re.match(r" ?`(SESSION_\w+)", row[0])
        if key is not None and key[1] in _OWN_KEYS and len(row) > column:
            named[key[1]] = row[column].replace("`", "").strip()
    assert set(named) == set(_OWN_KEYS)
    for key, told in named.items():
        if told in ("none", *map(repr, (True, False))) or told[0] in '0123456789"{':
            default = None if told == "none" else ast.literal_eval(told)
            assert getattr(Settings(), key.partition("_")[2].lower(), None) == default, key
