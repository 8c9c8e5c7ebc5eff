"""Sessions in a table of a database, as Flask-Session keeps them."""

from __future__ import annotations

from .opening import open_sql
from .store import SqlStore

__all__ = ["SqlStore", "open_sql"]
