"""Sessions that are used in ways that few applications use."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import pytest
from cachelib.simple import SimpleCache
from flask import Flask, Response, copy_current_request_context, current_app, session
from flask.testing import FlaskClient

from flask_session_swap import ConfigurationError, Session
from flask_session_swap.stores import simple
from flask_session_swap.stores.store import StoreError
from servers.process import PATIENCE


def application(**config: object) -> Flask:
    app = Flask("tests")
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache(), **config)
    Session(app)
    return app


def page(app: Flask, path: str, view: Callable[[], Any]) -> None:
    def shown() -> str:
        return str(view())

    app.add_url_rule(path, path, shown, methods=["GET", "POST"])


def beside(client: FlaskClient) -> FlaskClient:
    """Another browser with the same cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    other = client.application.test_client()
    other.set_cookie("session", cookie.value)
    return other


class Table:
    """Says of each item whether it is equal, as the arrays of numpy do."""

    def __init__(self, items: List[int]) -> None:
        self.items = items

    def __eq__(self, other: object) -> Any:
        return Items()


class Items:
    def __bool__(self) -> bool:
        raise ValueError("ambiguous")


class WithoutComparison:
    pass


@pytest.mark.parametrize("value", [Table([1]), WithoutComparison(), float("nan"), [Table([2])]])
def test_a_value_that_does_not_compare_is_not_changed_by_who_changes_another(value: object) -> None:
    app = application()
    client = app.test_client()

    def slow() -> None:
        session["other"] += 1
        beside(client).get("/newer")

    page(app, "/set", lambda: session.update(value=value, other=0))
    page(app, "/newer", lambda: session.update(value="newer"))
    page(app, "/slow", slow)
    page(app, "/value", lambda: session["value"])
    assert client.get("/set").status_code == 200
    assert client.get("/slow").status_code == 200
    assert client.get("/value").text == "newer"


def test_what_one_thread_of_a_request_sets_is_not_undone_by_the_load_of_another() -> None:
    app = application()
    loading, may_go_on = threading.Event(), threading.Event()

    def in_two_threads() -> object:
        opening = session._opening  # type: ignore[attr-defined]

        def slow() -> object:
            opened = opening()
            if not loading.is_set():
                loading.set()
                # The other thread waits as well, unless it does not have to.
                may_go_on.wait(0.2)
            return opened

        session._opening = slow  # type: ignore[attr-defined]

        @copy_current_request_context
        def read() -> None:
            session.get("a")

        @copy_current_request_context
        def change() -> None:
            assert loading.wait(PATIENCE)
            session["a"] = 2
            may_go_on.set()

        threads = [threading.Thread(target=work) for work in (read, change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return session["a"]

    page(app, "/set", lambda: session.update(a=1))
    page(app, "/threads", in_two_threads)
    client = app.test_client()
    client.get("/set")
    assert client.get("/threads").text == "2"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("log_out", ["pop", "none", "clear"])
def test_a_log_out_under_a_renewed_id_ends_the_session_however_it_is_written(method: str, log_out: str) -> None:
    app = application(SESSION_LOGIN_KEY="user")
    page(app, "/log-in", lambda: session.update(user="momo"))
    page(app, "/renew", lambda: current_app.session_interface.regenerate(session))  # type: ignore[attr-defined]
    page(app, "/pop", lambda: session.pop("user", None))
    page(app, "/none", lambda: session.update(user=None))
    page(app, "/clear", lambda: session.clear())
    page(app, "/user", lambda: session.get("user"))
    client = app.test_client()
    client.post("/log-in")
    old = beside(client)
    client.post("/renew")
    assert client.get("/user").text == "momo"
    old.open(f"/{log_out}", method=method)
    assert client.get("/user").text == "None"


def test_what_a_page_does_at_the_end_of_its_answer_is_done_once_if_another_one_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, ends = application(), []

    def view() -> Response:
        session["a"] = 1
        response = Response("done")
        response.call_on_close(lambda: ends.append("end"))
        return response

    def down(*arguments: object) -> None:
        raise StoreError("the store is down")

    app.add_url_rule("/", "view", view)
    monkeypatch.setattr(simple.SimpleStore, "swap", down)
    answer = app.test_client().get("/")
    answer.close()
    assert answer.status_code == 503 and ends == ["end"]


@pytest.mark.parametrize("length", [1, 32, 150])
def test_an_id_of_any_length_that_is_taken_names_its_session(length: int) -> None:
    app = application(SESSION_ID_LENGTH=length)
    page(app, "/count", lambda: session.update(n=session.get("n", 0) + 1) or session["n"])
    client = app.test_client()
    client.get("/count")
    assert client.get("/count").text == "2"


def test_an_id_that_no_cookie_could_bring_back_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SESSION_ID_LENGTH"):
        application(SESSION_ID_LENGTH=151)


@pytest.mark.parametrize("seconds", [0, -1, 0.5, float("nan"), float("inf")])
def test_a_life_that_is_none_is_refused_and_changes_nothing(seconds: float) -> None:
    app = application()

    def view() -> object:
        with pytest.raises(ValueError):
            session.set_lifetime(seconds)  # type: ignore[attr-defined]
        return dict(session)

    page(app, "/", view)
    assert app.test_client().get("/").text == "{'_permanent': True}"
