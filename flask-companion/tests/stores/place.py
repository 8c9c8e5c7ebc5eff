"""What a place is where the tests of every store are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import pytest
from flask import Flask

from flask_session_swap.stores.store import Store


@dataclass(frozen=True)
class Place:
    """A place where sessions can be kept, and how a test opens a store there."""

    #: Makes the address of a place, mostly by a fixture of ``conftest.py``:
    #: ``request.getfixturevalue("redis_server").url``. It is called once for each test, and what it makes has
    #: to go with its fixture. Tests take keys of their own, so that the place need not be empty.
    make: Callable[[pytest.FixtureRequest], str]
    #: Opens a store at such an address: another one each time, as another process would. It is a function of
    #: a module, since other processes call it, too.
    open: Callable[[str], Store]
    #: Records end by the time that a call is given, not by the server's clock.
    goes_by_given_time: bool = True
    #: The longest record that every test may store, in bytes.
    fits: int = 200 * 1024


def app_with(**config: object) -> Flask:
    """Returns an application with these keys, as ``open_…`` takes it."""
    app = Flask("tests")
    app.config.update(config)
    return app
