"""How a test opens a store of files."""

from __future__ import annotations

from cachelib.file import FileSystemCache

from flask_session_swap.stores.cachelib import open_cachelib
from flask_session_swap.stores.store import Store

from .place import Place, app_with


def at(folder: str) -> Store:
    return open_cachelib(app_with(SESSION_CACHELIB=FileSystemCache(folder, threshold=0)))


IN_FOLDER = Place(lambda request: str(request.getfixturevalue("tmp_path") / "sessions"), at)
