"""Each test that asks for a place is run with every place there is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Iterator

import pytest

from flask_session_swap.stores.store import Store

from .place import Place
from .places import PLACES


@dataclass(frozen=True)
class Opened:
    """A place of one test."""

    name: str
    address: str
    place: Place

    def open(self) -> Store:
        """Opens another store there."""
        return self.place.open(self.address)

    def key(self) -> str:
        """Returns a key that nobody has used."""
        return "session:" + secrets.token_urlsafe(32)


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest) -> Iterator[Opened]:
    place = PLACES[request.param]
    yield Opened(request.param, place.make(request), place)
