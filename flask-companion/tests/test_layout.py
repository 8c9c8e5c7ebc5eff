"""The layout file of the Rust side, as settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from cachelib import FileSystemCache
from flask import Flask

from flask_session_swap import ConfigurationError, Session, layout
from flask_session_swap.settings import Settings

ROOT = Path(__file__).parent.parent.parent
#: The file of an example, which its tests in Rust keep up to date, and one with whatever a layout can hold.
MIGRATION = ROOT / "examples/migration/session-layout.json"
WHOLE = ROOT / "tests/tests/rocket/testing/session-layout.json"


def add_up(base: Any, mine: Any, theirs: Any) -> Any:
    return (theirs or 0) + (mine or 0) - (base or 0)


def settings(**config: Any) -> Settings:
    return Settings.of({"SESSION_LAYOUT": str(WHOLE), "SESSION_MERGE": {"points": add_up}, **config})


def refusal(**config: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        settings(**config)
    return str(refused.value)


def test_a_layout_file_says_what_cargo_test_wrote() -> None:
    read = layout.read(WHOLE)
    assert read.merge == {"cart": "union", "points": "custom", "views": "add"}
    assert (read.login_key, read.listed) == ("username", True)
    assert read.states["Admin"] == ("notes", "username", "views")
    assert (read.fields["lang"].type, read.fields["lang"].default) == ("text", "en")


def test_the_layout_gives_the_policies_the_login_key_and_the_list() -> None:
    given = settings()
    assert (given.login_key, given.listed) == ("username", True)
    assert {key: policy(10, 11, 14) for key, policy in given.merge.items() if key in ("views", "points")} == {
        "views": 15,
        "points": 15,
    }
    assert given.merge["cart"]([1, 2], [1, 2, 3], [2]) == [2, 3]


def test_what_the_application_says_too_is_accepted_where_it_is_the_same() -> None:
    merge = {"points": "max", "views": "add"}
    same = settings(SESSION_MERGE=merge, SESSION_LOGIN_KEY="username", SESSION_LISTED=True)
    assert same.merge["points"](1, 2, 3) == 3
    other_keys = settings(SESSION_MERGE={"points": add_up, "only_flask": "union"})
    assert {"only_flask", "views"} <= set(other_keys.merge)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"SESSION_MERGE": {}}, ["'points'", "SESSION_MERGE = {'points': function}"]),
        ({"SESSION_MERGE": {"points": "custom"}}, ["'points'", "SESSION_MERGE"]),
        ({"SESSION_MERGE": {"points": add_up, "views": "union"}}, ["'views'", "'union'", "'add'"]),
        ({"SESSION_MERGE": {"points": add_up, "lang": "max"}}, ["'lang'", "'max'", "'last'"]),
        ({"SESSION_LOGIN_KEY": "_user_id"}, ["SESSION_LOGIN_KEY", "'_user_id'", "'username'"]),
        ({"SESSION_LISTED": False}, ["SESSION_LISTED", "listed"]),
        ({"SESSION_LAYOUT": "no-such-file.json"}, ["SESSION_LAYOUT", "no-such-file.json"]),
    ],
)
def test_what_contradicts_the_layout_is_refused_and_says_what_to_write(
    config: Dict[str, Any], words: List[str]
) -> None:
    told = refusal(**config)
    assert all(word in told for word in words), told


def test_an_application_without_a_counterpart_to_a_rust_function_does_not_start(tmp_path: Path) -> None:
    app = Flask(__name__)
    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = FileSystemCache(str(tmp_path))
    app.config["SESSION_LAYOUT"] = str(MIGRATION)
    with pytest.raises(ConfigurationError, match="'cart' is merged by a Rust function"):
        Session(app)
    app.config["SESSION_MERGE"] = {"cart": lambda base, mine, theirs: mine}
    Session(app)


def content() -> Dict[str, Any]:
    read: Dict[str, Any] = json.loads(WHOLE.read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version is 2"),
        ({"fields": []}, "fields is not an object"),
        ({"fields": {"a": {"type": "floot"}}}, '"floot" is not a type'),
        ({"fields": {"a": {"type": {"list": {"type": "Nothing"}}}}}, "'Nothing', which is not described"),
        ({"fields": {"a": {"type": "text", "merge": "often"}}}, "unknown policy 'often'"),
        ({"fields": {"a": {"type": {"map": ["text"]}}}}, "is not a type"),
        ({"types": {"Item": {"union": {}}}}, "neither a struct nor an enum"),
        ({"states": {"Visit": ["nothing"]}}, "Visit names what is not a field"),
        (
            {"fields": dict.fromkeys("ab", {"type": "text", "login": True}), "states": {}},
            "'a' and 'b' both are the login field",
        ),
    ],
)
def test_a_file_that_is_not_a_layout_is_refused_with_the_reason(
    tmp_path: Path, change: Dict[str, Any], words: str
) -> None:
    path = tmp_path / "layout.json"
    path.write_text(json.dumps({**content(), **change}), encoding="utf-8")
    with pytest.raises(layout.LayoutError) as refused:
        layout.read(path)
    assert words in str(refused.value) and "layout.json" in str(refused.value)


def test_a_policy_that_has_nothing_to_do_with_the_values_of_a_key_is_refused() -> None:
    # A map, which a Rust function merges.
    with pytest.raises(layout.LayoutError, match="'union'"):
        layout.read(MIGRATION).policies({"cart": "union"})
    assert layout.read(MIGRATION).policies({"cart": "last"})["cart"] == "last"
