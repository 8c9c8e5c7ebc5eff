"""The removal of expired records from stores that keep them, when Flask-Session does it."""

from __future__ import annotations

import random
from typing import Protocol, runtime_checkable

import click
from flask import Flask
from flask_session.defaults import Defaults

from . import clock
from .settings import ConfigurationError
from .stores.store import StoreError


@runtime_checkable
class Purged(Protocol):
    """A store that keeps expired records until somebody removes them."""

    def purge(self, now: float) -> int:
        """Removes the records that have expired, and returns how many they were.

        :raises StoreError: it may have removed a part of them.
        """


def register_cleanup(app: Flask, store: object) -> None:
    """Has expired records removed, if the store is one that keeps them.

    With ``SESSION_CLEANUP_N_REQUESTS`` that happens before one request of so many, on average. Without it
    there is the command ``flask session_cleanup``, to be run from time to time.

    :raises ConfigurationError: the key is not a number.
    """
    requests = app.config.get("SESSION_CLEANUP_N_REQUESTS", Defaults.SESSION_CLEANUP_N_REQUESTS) or 0
    if not isinstance(requests, int) or isinstance(requests, bool) or requests < 0:
        raise ConfigurationError("SESSION_CLEANUP_N_REQUESTS is a whole number of at least 1, or None")
    if not isinstance(store, Purged):
        return
    if requests > 0:
        _clean_up_before_requests(app, store, requests)
    else:
        _add_command(app, store)


def _clean_up_before_requests(app: Flask, store: Purged, requests: int) -> None:
    @app.before_request
    def clean_up_sessions() -> None:
        # As often as Flask-Session.
        if random.randint(0, requests) != 0:
            return
        try:
            store.purge(clock.now())
        except StoreError as error:
            # The request has nothing to do with it.
            app.logger.warning("expired sessions were not removed: %s", error)


def _add_command(app: Flask, store: Purged) -> None:
    @app.cli.command("session_cleanup")
    def session_cleanup() -> None:
        """Removes the sessions that have expired."""
        try:
            removed = store.purge(clock.now())
        except StoreError as error:
            raise click.ClickException(f"Expired sessions were not removed: {error}") from error
        click.echo(f"Expired sessions that were removed: {removed}")
