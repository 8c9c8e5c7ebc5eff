"""The removal of expired sessions, as Flask-Session has it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from flask_session_swap import Session, clock
from flask_session_swap.settings import ConfigurationError
from flask_session_swap.stores.sql import open_sql

HOUR = 3600


def application(folder: Path, **config: Any) -> Flask:
    app = Flask("tests")
    address = f"sqlite:///{folder / 'shop.db'}"
    app.config.update(SESSION_TYPE="sqlalchemy", SQLALCHEMY_DATABASE_URI=address, **config)
    app.config["SESSION_SQLALCHEMY"] = SQLAlchemy(app)
    app.add_url_rule("/", view_func=lambda: "page")
    Session(app)
    return app


def fill(app: Flask) -> None:
    """Writes a session that has expired and one that has not."""
    store = open_sql(app)
    store.swap("session:expired", None, b"x", HOUR, clock.now() - HOUR - 1)
    store.swap("session:living", None, b"x", HOUR, clock.now())


def keys(app: Flask) -> "list[str]":
    db: SQLAlchemy = app.config["SESSION_SQLALCHEMY"]
    with app.app_context():
        return sorted(row[0] for row in db.session.execute(text("SELECT session_id FROM sessions")))


def test_the_command_removes_what_has_expired_and_says_how_much(tmp_path: Path) -> None:
    app = application(tmp_path)
    fill(app)
    result = app.test_cli_runner().invoke(args=["session_cleanup"])
    assert result.exit_code == 0 and "removed: 1" in result.output
    assert keys(app) == ["session:living"]


def test_the_command_says_what_is_wrong_with_the_database(tmp_path: Path) -> None:
    app = application(tmp_path / "missing")
    result = app.test_cli_runner().invoke(args=["session_cleanup"])
    assert result.exit_code == 1 and "not removed" in result.output


def test_it_is_removed_before_one_request_of_so_many_and_there_is_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(tmp_path, SESSION_CLEANUP_N_REQUESTS=9)
    assert "session_cleanup" not in app.cli.commands
    fill(app)
    asked = []

    def drawn(number: int) -> Any:
        def randint(least: int, most: int) -> int:
            asked.append((least, most))
            return number

        return randint

    monkeypatch.setattr("random.randint", drawn(1))
    app.test_client().get("/")
    assert keys(app) == ["session:expired", "session:living"]
    monkeypatch.setattr("random.randint", drawn(0))
    app.test_client().get("/")
    assert keys(app) == ["session:living"]
    assert asked == [(0, 9)] * 2


def test_a_removal_that_fails_is_noted_and_the_request_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(tmp_path / "missing", SESSION_CLEANUP_N_REQUESTS=1)
    monkeypatch.setattr("random.randint", lambda least, most: 0)
    with caplog.at_level(logging.WARNING):
        assert app.test_client().get("/").data == b"page"
    assert "expired sessions were not removed" in caplog.text


@pytest.mark.parametrize("value", ["often", -1, True, 0.5])
def test_a_number_of_requests_that_is_none_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigurationError, match="SESSION_CLEANUP_N_REQUESTS"):
        application(tmp_path, SESSION_CLEANUP_N_REQUESTS=value)
