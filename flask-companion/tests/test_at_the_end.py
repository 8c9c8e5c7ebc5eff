"""What becomes of a session at the end of a request, where that is less than obvious: as on the Rust side."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

import pytest
from flask import Flask, flash, session
from werkzeug.test import TestResponse

import flask_session_swap.extension
from flask_session_swap import Session, clock
from flask_session_swap.records import Msgspec
from flask_session_swap.stores.store import Conflict, Loaded, Swapped
from answers import cookie_of
from memory_store import MemoryStore

RECORDS = Msgspec("msgpack")
SID = "A" * 43
MONTH = 31 * 24 * 3600


class Visit:
    """A session that is stored, and the requests of its browser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Optional[MemoryStore] = None, **config: Any) -> None:
        self.store = store or MemoryStore()
        self.app = Flask(__name__)
        self.app.config.update({"SESSION_TYPE": "redis", "SESSION_LOGIN_KEY": "user", **config})
        monkeypatch.setattr(flask_session_swap.extension, "open_store", lambda kind, app: self.store)
        Session(self.app)
        self._view: Callable[[], Any] = lambda: None
        self.app.add_url_rule("/", "page", self._page, methods=["POST"])

    def put(self, sid: str = SID, left: float = MONTH, **data: Any) -> None:
        record = RECORDS.encode({"_permanent": True, **data})
        self.store.records["session:" + sid] = Loaded(record, clock.now() + left)

    def get(self, sid: str = SID) -> Optional[Dict[str, Any]]:
        loaded = self.store.records.get("session:" + sid)
        return None if loaded is None else RECORDS.decode(loaded.record)

    def left(self) -> float:
        expires = self.store.records["session:" + SID].expires
        assert expires is not None
        return float(expires - clock.now())

    def request(self, view: Callable[[], Any], sid: str = SID) -> TestResponse:
        self._view = view
        return self.app.test_client(use_cookies=False).post("/", headers={"Cookie": f"session={sid}"})

    def _page(self) -> str:
        self._view()
        return "page"


def muted(**changes: Any) -> Callable[[], None]:
    def view() -> None:
        session.update(changes)
        session.modified = False

    return view


def test_a_session_that_one_empties_while_another_fills_it_keeps_its_cookie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = Visit(monkeypatch)
    visit.put(cart=1)

    def view() -> None:
        session.pop("cart")
        visit.put(cart=1, theirs=2)

    answer = visit.request(view)
    assert visit.get() == {"_permanent": True, "theirs": 2}
    assert cookie_of(answer) != "", "the browser has lost what another request has stored"


def test_a_change_that_is_not_to_be_saved_is_not_saved_with_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch, SESSION_REFRESH_EACH_REQUEST=False, SESSION_ABSOLUTE_LIFETIME=MONTH)
    visit.put(views=1)
    visit.request(muted(views=2))
    stored = visit.get()
    assert stored is not None and stored["views"] == 1


def test_a_change_that_fits_is_not_refused_for_a_date_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(RECORDS.encode({"_permanent": True, "text": "a" * 1000}))
    visit = Visit(monkeypatch, SESSION_MAX_SIZE=size, SESSION_ABSOLUTE_LIFETIME=MONTH)
    visit.put(text="a" * 1000)
    answer = visit.request(lambda: session.update(text="b" * 1000))
    assert answer.status_code == 200
    assert visit.get() == {"_permanent": True, "text": "b" * 1000}


def test_the_life_of_a_record_that_has_no_room_for_a_date_is_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(RECORDS.encode({"_permanent": True, "text": "a" * 1000}))
    visit = Visit(monkeypatch, SESSION_MAX_SIZE=size, SESSION_ABSOLUTE_LIFETIME=MONTH)
    visit.put(text="a" * 1000, left=60)
    visit.request(lambda: session.get("text"))
    assert visit.left() > MONTH - 60


def test_modified_by_hand_extends_the_life_where_reading_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch, SESSION_REFRESH_EACH_REQUEST=False)
    visit.put(views=1, left=60)
    visit.request(lambda: session.get("views"))
    assert visit.left() <= 60
    visit.request(lambda: setattr(session, "modified", True))
    assert visit.left() > MONTH - 60


def test_a_new_id_is_sent_whatever_modified_says(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch)
    visit.put(views=1)

    def view() -> None:
        session.permanent = False
        session["user"] = "ada"
        session.modified = False

    answer = visit.request(view)
    assert visit.get() is None, "the log-in has given it another id"
    sid = cookie_of(answer)
    assert sid, "the browser does not know the id of the session"
    stored = visit.get(sid)
    assert stored is not None and stored["user"] == "ada"


def test_what_was_set_before_a_log_out_goes_with_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch)
    visit.put(user="ada", secret=1)

    def view() -> None:
        session["last_page"] = "ada's letters"
        session.pop("user")
        session["theme"] = "dark"

    sid = cookie_of(visit.request(view))
    assert sid
    assert visit.get(sid) == {"_permanent": True, "theme": "dark"}


def test_a_session_that_is_emptied_without_being_modified_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch)
    visit.put(views=1)

    def view() -> None:
        session.pop("views")
        session.modified = False

    answer = visit.request(view)
    assert visit.get() == {"_permanent": True, "views": 1}
    assert cookie_of(answer) is None


def renewed(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A user's session that has got another id, which the browser of the next request does not know."""
    visit = Visit(monkeypatch)
    visit.put(user="ada")

    def view() -> None:
        session.get("user")
        visit.app.session_interface.regenerate(session)  # type: ignore[attr-defined]

    assert cookie_of(visit.request(view))
    return visit


def test_a_log_out_with_a_renewed_id_keeps_the_message_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = renewed(monkeypatch)

    def view() -> None:
        flash("bye")
        session.pop("user", None)

    sid = cookie_of(visit.request(view))
    assert sid, "the message has no session"
    stored = visit.get(sid)
    assert stored is not None and "_flashes" in stored and "user" not in stored


def test_a_log_out_with_a_renewed_id_deletes_the_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = renewed(monkeypatch)
    assert cookie_of(visit.request(lambda: session.pop("user", None))) == ""


class Contended(MemoryStore):
    """A store in which others are always faster."""

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        current = self.records[key]
        data = RECORDS.decode(current.record) or {}
        self.records[key] = Loaded(RECORDS.encode({**data, "n": data.get("n", 0) + 1}), current.expires)
        return Conflict(self.records[key])


def test_a_page_that_only_reads_is_not_refused_for_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Visit(monkeypatch, Contended(), SESSION_ABSOLUTE_LIFETIME=MONTH, SESSION_SWAP_ATTEMPTS=2)
    visit.put(views=1)
    assert visit.request(lambda: session.get("views")).status_code == 200
