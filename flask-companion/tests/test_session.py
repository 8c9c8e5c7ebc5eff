"""Sessions of an application in a real Redis: what is loaded, written and sent."""

from __future__ import annotations

import pickle
import sys
from datetime import timedelta
from typing import Any, Callable, Dict, List

import msgspec
import pytest
from flask import Flask, flash, get_flashed_messages, request, session
from flask.testing import FlaskClient
from redis import Redis as Redis

from flask_session_swap import ConfigurationError, Session, SessionEnded, SessionUnavailable, clock
from answers import cookie_of
from servers import redis as servers

Made = Callable[..., FlaskClient]

ROUTES: Dict[str, Callable[[], object]] = {
    "untouched": lambda: "untouched",
    "read": lambda: dict(session),
    "views": lambda: session.__setitem__("views", session.get("views", 0) + 1),
    "nested": lambda: session.setdefault("cart", []).append("apple"),
    "nested-muted": lambda: (session["cart"].append("pear"), setattr(session, "modified", False)),
    "same": lambda: session.__setitem__("views", session["views"]),
    "clear": lambda: session.clear(),
    "log-in": lambda: session.__setitem__("user", request.args["user"]),
    "log-out": lambda: (flash("bye"), session.pop("user", None)),
    "clear-user": lambda: session.pop("user", None),
    "flash": lambda: flash("hello"),
    "flashed": lambda: get_flashed_messages(),
    "sid": lambda: session.sid,  # type: ignore[attr-defined]
    "life": lambda: session.set_lifetime(300),  # type: ignore[attr-defined]
    "not-permanent": lambda: setattr(session, "permanent", False),
    "long": lambda: session.__setitem__("long", "x" * 100),
    "no-value-of-ours": lambda: session.__setitem__("views", object()),
    "swallowing": lambda: _swallowing(),
}


def _swallowing() -> None:
    try:
        session.get("views")
    except Exception:
        pass


def _named(name: str, action: Callable[[], object]) -> Callable[[], object]:
    def route() -> object:
        made = action()
        return made if isinstance(made, (str, dict, list)) else "done"

    route.__name__ = name
    return route


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> List[float]:
    """The time that sessions see, which a test may move. Redis has its own."""
    moment = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    return moment


@pytest.fixture
def made(redis: Redis) -> Made:
    def make(**config: Any) -> FlaskClient:
        app = Flask(__name__)
        defaults = {"SESSION_TYPE": "redis", "SESSION_REDIS": redis, "SECRET_KEY": "k", "SESSION_LOGIN_KEY": "user"}
        app.config.update({**defaults, **config})
        Session(app)
        for name, action in ROUTES.items():
            app.add_url_rule(f"/{name}", name, _named(name, action), methods=["GET", "POST"])
        return app.test_client()

    return make


def record(redis: Redis, sid: str) -> Any:
    stored = redis.get("session:" + sid)
    return None if stored is None else msgspec.msgpack.decode(stored)


def commands_of(redis: Redis, action: Callable[[], object]) -> List[str]:
    """The commands that an action makes this Redis run, without those of scripts."""
    redis.config_resetstat()
    before = {"config|resetstat", "info"}
    action()
    return sorted(name[8:] for name in redis.info("commandstats") if name[8:] not in before)


def test_a_page_that_does_not_use_the_session_asks_the_store_nothing(made: Made, redis: Redis) -> None:
    client = made()
    client.get("/views")
    redis.config_resetstat()
    answer = client.get("/untouched")
    assert "cmdstat_get" not in redis.info("commandstats")
    assert "Vary" not in answer.headers and cookie_of(answer) is None


def test_a_page_that_reads_writes_nothing_and_sends_no_cookie(made: Made, redis: Redis) -> None:
    client = made()
    client.get("/views")
    assert commands_of(redis, lambda: client.get("/read")) == ["get", "pttl"]
    answer = client.get("/read")
    assert answer.json == {"_permanent": True, "views": 1}
    assert cookie_of(answer) is None and answer.headers["Vary"] == "Cookie"


def test_a_new_session_is_sent_once_and_its_answer_is_not_kept_by_caches(made: Made, redis: Redis) -> None:
    client = made()
    answer = client.get("/views")
    sid = cookie_of(answer)
    assert sid is not None and len(sid) == 43
    assert answer.headers["Cache-Control"] == "no-store"
    assert record(redis, sid) == {"_permanent": True, "views": 1}
    assert redis.ttl("session:" + sid) > 2_678_390
    assert cookie_of(client.get("/views")) is None
    assert record(redis, sid)["views"] == 2


def test_a_page_that_caches_may_keep_is_kept_by_its_browser_alone_when_it_brings_the_cookie(made: Made) -> None:
    client = made()

    @client.application.after_request
    def kept(answer: Any) -> Any:
        answer.headers["Cache-Control"] = "public, s-maxage=60, max-age=30"
        return answer

    first, second = client.get("/views"), client.get("/read")
    assert first.cache_control.private and not first.cache_control.public and first.cache_control.s_maxage is None
    assert first.cache_control.max_age == 30 and second.cache_control.public


def test_changes_deep_in_a_value_are_saved(made: Made, redis: Redis) -> None:
    client = made(SESSION_REFRESH_EACH_REQUEST=False)
    sid = cookie_of(client.get("/nested")) or ""
    client.get("/nested")
    assert record(redis, sid)["cart"] == ["apple", "apple"]
    # Whoever says that nothing was changed is believed, as in Flask without refresh.
    client.get("/nested-muted")
    assert record(redis, sid)["cart"] == ["apple", "apple"]


def test_a_write_keeps_the_life_that_is_left_until_extending_is_due(made: Made, redis: Redis) -> None:
    client = made()
    sid = cookie_of(client.get("/views")) or ""
    redis.expire("session:" + sid, int(2_678_400 * 0.95))
    assert cookie_of(client.get("/views")) is None
    assert redis.ttl("session:" + sid) <= 2_678_400 * 0.95
    redis.expire("session:" + sid, int(2_678_400 * 0.89))
    answer = client.get("/read")
    assert cookie_of(answer) == sid and "Expires" in answer.headers["Set-Cookie"]
    assert redis.ttl("session:" + sid) > 2_678_390
    assert record(redis, sid)["views"] == 2


def test_a_life_that_another_program_has_made_too_long_is_cut(made: Made, redis: Redis) -> None:
    client = made(PERMANENT_SESSION_LIFETIME=600)
    sid = cookie_of(client.get("/views")) or ""
    redis.expire("session:" + sid, 7_000)
    client.get("/read")
    assert redis.ttl("session:" + sid) <= 600


def test_with_flasks_way_every_use_extends_and_sends(made: Made, redis: Redis) -> None:
    client = made(SESSION_REFRESH_AFTER=0)
    sid = cookie_of(client.get("/views")) or ""
    redis.expire("session:" + sid, 2_678_000)
    assert cookie_of(client.get("/read")) == sid
    assert redis.ttl("session:" + sid) > 2_678_390
    assert cookie_of(client.get("/untouched")) is None, "a session that nobody uses is not loaded"


def test_setting_a_value_to_what_it_was_writes_nothing(made: Made, redis: Redis) -> None:
    client = made()
    client.get("/views")
    assert commands_of(redis, lambda: client.get("/same")) == ["get", "pttl"]


def test_clearing_deletes_record_and_cookie(made: Made, redis: Redis) -> None:
    client = made(SESSION_COOKIE_SECURE=False, SESSION_COOKIE_SAMESITE="Lax")
    sid = cookie_of(client.get("/views")) or ""
    answer = client.get("/clear")
    assert cookie_of(answer) == "" and "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert record(redis, sid) is None


def test_a_log_in_and_a_log_out_make_the_old_id_useless(made: Made, redis: Redis) -> None:
    client = made()
    visitor = cookie_of(client.get("/views")) or ""
    user = cookie_of(client.get("/log-in?user=momo")) or ""
    assert visitor != user and record(redis, visitor) is None
    stored = record(redis, user)
    assert stored["views"] == 1 and stored["user"] == "momo" and stored["_login_at"][0] > 1_700_000_000
    answer = client.get("/log-out")
    assert record(redis, user) is None
    # What the page has said to the visitor stays.
    assert record(redis, cookie_of(answer) or "")["_flashes"] == [["message", "bye"]]
    assert client.get("/flashed").json == ["bye"]


def test_another_user_gets_nothing_of_the_one_before(made: Made, redis: Redis) -> None:
    client = made()
    client.get("/views")
    client.get("/log-in?user=momo")
    sid = cookie_of(client.get("/log-in?user=kiki")) or ""
    assert set(record(redis, sid)) == {"_permanent", "user", "_login_at"}


def test_a_request_with_a_renewed_id_keeps_its_page_if_it_only_asks_and_is_told_if_it_changes(made: Made) -> None:
    client = made()
    old = cookie_of(client.get("/views")) or ""
    client.get("/log-in?user=momo")
    other = made()
    other.set_cookie("session", old)
    answer = other.get("/views")
    assert answer.status_code == 200 and cookie_of(answer) is None
    assert other.get("/read").json == {"_permanent": True}
    answer = other.post("/views")
    assert answer.status_code == 409 and cookie_of(answer) is None


def test_a_log_out_with_a_renewed_id_ends_the_session_that_came_after_it(made: Made, redis: Redis) -> None:
    client = made()
    old = cookie_of(client.get("/views")) or ""
    user = cookie_of(client.get("/log-in?user=momo")) or ""
    other = made()
    other.set_cookie("session", old)
    assert other.post("/log-out").status_code in (200, 409)
    assert record(redis, user) is None


def test_a_write_to_a_session_that_has_ended_is_409_by_the_page_of_the_application(made: Made, redis: Redis) -> None:
    sid = cookie_of(made().get("/views")) or ""
    client = made()
    client.set_cookie("session", sid)
    app = client.application

    @app.errorhandler(SessionEnded)
    def ended(error: SessionEnded) -> Any:
        return {"error": "ended"}, 409, {"X-Own": "1"}

    @app.after_request
    def with_headers(answer: Any) -> Any:
        answer.headers["Access-Control-Allow-Origin"] = "https://shop.example"
        answer.headers["ETag"] = '"old"'
        return answer

    @app.post("/slow")
    def slow() -> str:
        session["views"] += 1
        redis.delete("session:" + sid)
        return "saved"

    answer = client.post("/slow")
    assert answer.status_code == 409 and answer.json == {"error": "ended"} and answer.headers["X-Own"] == "1"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example" and "ETag" not in answer.headers
    assert record(redis, sid) is None


def test_while_the_store_is_away_pages_that_use_it_are_503_and_others_go_on() -> None:
    server = servers.Redis()
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(server.url))
    Session(app)
    for name, action in ROUTES.items():
        app.add_url_rule(f"/{name}", name, _named(name, action), methods=["GET", "POST"])

    @app.errorhandler(SessionUnavailable)
    def unavailable(error: SessionUnavailable) -> Any:
        # Most pages show who is logged in.
        return "later" if session.get("user") is None else "who?", 503

    client = app.test_client()
    sid = cookie_of(client.get("/views"))
    server.stop()
    for path in ("/read", "/views", "/swallowing"):
        answer = client.get(path)
        assert (answer.status_code, answer.data, cookie_of(answer)) == (503, b"later", None), path
    assert client.get("/untouched").status_code == 200
    client.delete_cookie("session")
    assert client.get("/views").status_code == 503 and client.get("/read").status_code == 200
    assert sid is not None


def test_who_waits_for_a_thread_that_the_store_does_not_answer_goes_on_without_it(made: Made, redis: Redis) -> None:
    client = made()
    sid = cookie_of(client.get("/views")) or ""
    with client.application.session_interface.home.locks.turn("session:" + sid):  # type: ignore[attr-defined]
        assert client.get("/views").status_code == 200
    assert record(redis, sid)["views"] == 2


def test_what_can_not_be_stored_is_an_error_and_changes_nothing(made: Made, redis: Redis) -> None:
    client = made()
    sid = cookie_of(client.get("/views")) or ""
    assert client.get("/no-value-of-ours").status_code == 500
    assert record(redis, sid)["views"] == 1


def test_a_session_that_is_too_long_is_an_error_that_names_the_largest_keys(
    made: Made, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    client = made(SESSION_MAX_SIZE=100)
    sid = cookie_of(client.get("/views"))
    assert sid is not None
    for _ in range(2):
        answer = client.get("/long")
        assert answer.status_code == 500 and cookie_of(answer) is None
    assert record(redis, sid) == {"_permanent": True, "views": 1}
    assert "its largest keys are ['long'" in caplog.text and "xx" not in caplog.text


@pytest.mark.parametrize(
    "stored", [b"\xc1", b"\x81\xa1a" + b"\x91" * 100_000 + b"\xc0"], ids=["not a record", "a record that is too deep"]
)
def test_a_record_that_nobody_can_read_is_a_new_session(made: Made, redis: Redis, stored: bytes) -> None:
    client = made()
    sid = cookie_of(client.get("/views")) or ""
    redis.set("session:" + sid, stored)
    assert client.get("/read").json == {"_permanent": True}
    assert cookie_of(client.get("/views")) != sid


@pytest.mark.parametrize("cookie", ["", "~user:0", "a b", "é", "../../etc/passwd", "a" * 5_000, 'a"b'])
def test_a_cookie_that_names_no_session_of_ours_is_never_looked_up(made: Made, redis: Redis, cookie: str) -> None:
    client = made()

    def ask() -> None:
        answer = client.get("/read", headers={"Cookie": f"session={cookie}"})
        assert answer.json == {"_permanent": True}

    assert commands_of(redis, ask) == []


def test_a_signed_id_is_read_with_an_older_key_and_signed_anew(made: Made) -> None:
    old = made(SESSION_USE_SIGNER=True, SECRET_KEY="old")
    signed = cookie_of(old.get("/views")) or ""
    assert "." in signed
    new = made(SESSION_USE_SIGNER=True, SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"])
    new.set_cookie("session", signed)
    answer = new.get("/read")
    assert answer.json == {"_permanent": True, "views": 1}
    renewed = cookie_of(answer)
    assert renewed is not None and renewed != signed and renewed.split(".")[0] == signed.split(".")[0]
    stranger = made(SESSION_USE_SIGNER=True, SECRET_KEY="other")
    stranger.set_cookie("session", signed)
    assert stranger.get("/read").json == {"_permanent": True}


def test_no_session_outlives_the_absolute_lifetime(made: Made, redis: Redis, now: List[float]) -> None:
    client = made(SESSION_ABSOLUTE_LIFETIME=timedelta(hours=1))
    sid = cookie_of(client.get("/views")) or ""
    assert 3_590 < redis.ttl("session:" + sid) <= 3_600
    now[0] += 3_000
    assert client.get("/read").json == {"_permanent": True, "views": 1, "_created_at": int(now[0] - 3_000)}
    now[0] += 600
    answer = client.get("/read")
    assert answer.json == {"_permanent": True} and cookie_of(answer) == ""
    assert record(redis, sid) is None


def test_a_life_of_its_own_is_the_users_and_ends_the_cookie_too(made: Made, redis: Redis) -> None:
    client = made()
    client.get("/views")
    user = cookie_of(client.get("/log-in?user=momo")) or ""
    assert cookie_of(client.get("/life")) == user
    assert redis.ttl("session:" + user) <= 300
    seconds, owner = record(redis, user)["_lifetime"]
    assert seconds == 300 and owner == record(redis, user)["_login_at"][1]
    redis.expire("session:" + user, 200)
    client.get("/read")
    assert 290 < redis.ttl("session:" + user) <= 300
    assert "_lifetime" not in record(redis, cookie_of(client.get("/log-in?user=kiki")) or "")


def test_a_session_that_is_not_permanent_has_a_cookie_without_an_end(made: Made, redis: Redis) -> None:
    client = made(SESSION_PERMANENT=False)
    answer = client.get("/views")
    assert "Expires" not in answer.headers["Set-Cookie"]
    permanent = made()
    sid = cookie_of(permanent.get("/views"))
    answer = permanent.get("/not-permanent")
    assert cookie_of(answer) == sid and "Expires" not in answer.headers["Set-Cookie"]


def test_the_id_that_an_application_reads_is_the_one_under_which_a_new_session_is_stored(
    made: Made, redis: Redis
) -> None:
    client = made()

    @client.application.get("/read-then-set")
    def read_then_set() -> str:
        sid: str = session.sid  # type: ignore[attr-defined]
        session["views"] = 1
        return sid

    answer = client.get("/read-then-set")
    assert cookie_of(answer) == answer.text == client.get("/sid").text
    with pytest.raises(AttributeError), client.session_transaction() as opened:
        opened.sid = "mine"  # type: ignore[attr-defined]


def test_a_transaction_of_the_test_client_reads_and_writes(made: Made) -> None:
    client = made()
    with client.session_transaction() as opened:
        opened["views"] = 41
    assert client.get("/views").status_code == 200
    with client.session_transaction() as opened:
        assert opened["views"] == 42 and dict(opened) == {"_permanent": True, "views": 42}


def test_messages_of_parallel_requests_are_all_shown_once(made: Made, redis: Redis) -> None:
    first = made()
    sid = cookie_of(first.get("/views")) or ""
    first.get("/flash")
    client = made()
    client.set_cookie("session", sid)

    @client.application.post("/beside")
    def beside() -> str:
        flash("mine")
        other = made()
        other.set_cookie("session", sid)
        assert other.get("/flashed").json == ["hello"]
        other.get("/flash")
        return "done"

    assert client.post("/beside").status_code == 200
    assert client.get("/flashed").json == ["hello", "mine"]
    assert record(redis, sid) == {"_permanent": True, "views": 1}


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"SESSION_TYPE": "null"}, "SESSION_TYPE"),
        ({"SESSION_TYPE": "reddis"}, "'redis' meant"),
        ({"SESSION_MERGE": {"views": "sum"}}, '"add"'),
        ({"SESSION_MERGE": ["views"]}, "SESSION_MERGE"),
        ({"SESSION_REFRESH_AFTER": 2}, "SESSION_REFRESH_AFTER"),
        ({"SESSION_ABSOLUTE_LIFETIME": "1 hour"}, "SESSION_ABSOLUTE_LIFETIME"),
        ({"PERMANENT_SESSION_LIFETIME": 0}, "PERMANENT_SESSION_LIFETIME"),
        ({"PERMANENT_SESSION_LIFETIME": 36_501 * 24 * 60 * 60}, "36,500 days"),
        ({"SESSION_MAX_PER_USER": 5}, "SESSION_LISTED"),
        ({"SESSION_SERIALIZATION_FORMAT": "yaml"}, "SESSION_SERIALIZATION_FORMAT"),
        ({"SESSION_LOGIN_KEY": 1}, "SESSION_LOGIN_KEY"),
        ({"SESSION_WHEN_FULL": "newest"}, "SESSION_WHEN_FULL"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_when_the_application_starts(
    made: Made, config: Dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigurationError, match=text):
        made(**config)


def test_a_store_whose_client_is_missing_says_what_to_install(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith("flask_session_swap.stores.memcached"):
            monkeypatch.delitem(sys.modules, name)
        elif name.partition(".")[0] == "pymemcache":
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    with pytest.raises(ConfigurationError, match="pip install 'flask-session-swap.memcached.'"):
        made(SESSION_TYPE="memcached")


def test_a_misspelled_setting_is_named_with_what_may_be_meant(made: Made) -> None:
    with pytest.warns(UserWarning, match="SESSION_ABSOLUTE_LIFETIME"):
        made(SESSION_ABSOLUT_LIFETIME=60)
    assert issubclass(ConfigurationError, ValueError)


def test_what_a_request_sets_before_its_log_out_is_the_users(made: Made, redis: Redis) -> None:
    client = made()

    @client.application.post("/profile-and-out")
    def profile_and_out() -> str:
        session["profile"] = "of momo"
        session.pop("user")
        session["language"] = "de"
        return "out"

    client.post("/log-in?user=momo")
    sid = cookie_of(client.post("/profile-and-out")) or ""
    assert record(redis, sid) == {"_permanent": True, "language": "de"}


def test_whatever_is_stored_as_messages_keeps_nobody_from_logging_out(made: Made, redis: Redis) -> None:
    client = made()
    sid = cookie_of(client.get("/log-in?user=momo")) or ""
    redis.set("session:" + sid, msgspec.msgpack.encode({**record(redis, sid), "_flashes": 5}))
    assert client.get("/clear-user").status_code == 200
    assert redis.get("session:" + sid) is None


def test_a_log_in_and_a_log_out_in_one_request_leave_nothing_and_a_new_id(made: Made, redis: Redis) -> None:
    client = made()

    @client.application.post("/in-and-out")
    def in_and_out() -> str:
        session["user"] = "momo"
        session["profile"] = "of momo"
        del session["user"]
        session["language"] = "de"
        return "out"

    visitor = cookie_of(client.post("/views")) or ""
    sid = cookie_of(client.post("/in-and-out")) or ""
    assert sid not in ("", visitor)
    assert record(redis, visitor) is None and record(redis, sid) == {"_permanent": True, "language": "de"}


def test_a_user_who_logs_out_and_in_again_in_one_request_starts_without_data(made: Made, redis: Redis) -> None:
    client = made()

    @client.application.post("/out-and-in")
    def out_and_in() -> str:
        session.update(user=None)
        session["user"] = "momo"
        return "in"

    client.post("/log-in?user=momo")
    client.post("/views")
    sid = cookie_of(client.post("/out-and-in")) or ""
    assert set(record(redis, sid)) == {"_permanent", "user", "_login_at"}


def test_a_user_whose_name_json_makes_a_text_of_is_one_user(made: Made, redis: Redis, now: List[float]) -> None:
    client = made(SESSION_SERIALIZATION_FORMAT="json", SESSION_ABSOLUTE_LIFETIME=1_000)

    @client.application.post("/in-bytes")
    def in_bytes() -> str:
        session["user"] = b"momo"
        return "in"

    client.post("/in-bytes")
    now[0] += 990
    assert client.get("/read").json["user"] == "bW9tbw=="  # type: ignore[index]
    now[0] += 20
    assert client.get("/read").json == {"_permanent": True}


def test_another_users_lifetime_does_not_give_the_cookie_an_end(made: Made, redis: Redis) -> None:
    client = made(SESSION_PERMANENT=False, SESSION_REFRESH_AFTER=0)
    client.post("/log-in?user=momo")
    sid = cookie_of(client.post("/life")) or ""
    changed = {**record(redis, sid), "user": "kiki"}  # as a program does that knows none of these rules
    redis.set("session:" + sid, msgspec.msgpack.encode(changed), keepttl=True)
    answer = client.post("/views")
    assert cookie_of(answer) == sid and "Expires" not in answer.headers["Set-Cookie"]


def test_a_page_that_reads_what_this_format_can_not_hold_leaves_it_as_it_is(made: Made, redis: Redis) -> None:
    client = made()
    sid = cookie_of(client.get("/views")) or ""
    old = pickle.dumps({"_permanent": True, "views": 1, "point": 1 + 2j})
    redis.set("session:" + sid, old, keepttl=True)
    assert client.get("/same").status_code == 500 and redis.get("session:" + sid) == old
    client = made()
    client.set_cookie("session", sid)

    @client.application.get("/number")
    def number() -> str:
        return str(session["views"])

    assert client.get("/number").text == "1" and redis.get("session:" + sid) == old
