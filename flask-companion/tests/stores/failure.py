"""Errors of stores, which quote nothing."""

from __future__ import annotations

import traceback
from typing import Callable

import pytest

from flask_session_swap.stores.store import StoreError


def failure(call: Callable[[], object], *secret: str) -> StoreError:
    """Returns the error of a call. Neither its words nor those of its causes quote anything."""
    with pytest.raises(StoreError) as error:
        call()
    told = "".join(traceback.format_exception(error.type, error.value, None))
    assert not any(word in told for word in secret), told
    return error.value
