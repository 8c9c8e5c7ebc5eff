"""Sessions in files, as cachelib's ``FileSystemCache`` keeps them for Flask-Session."""

from __future__ import annotations

import os
import warnings
from typing import Any

from cachelib.file import FileSystemCache
from flask import Flask
from flask_session.defaults import Defaults

from ...settings import ConfigurationError
from .store import FileStore

__all__ = ["FileStore", "of_cache", "open_files"]

#: What the owner of the files needs, which is this process.
_OWNER = 0o600


def open_files(app: Flask) -> FileStore:
    """Opens the store of ``SESSION_TYPE = "filesystem"``: ``SESSION_FILE_DIR``, ``_THRESHOLD`` and ``_MODE``.

    :raises ConfigurationError: one of them has a value that it can't have.
    """
    folder = app.config.get("SESSION_FILE_DIR", Defaults.SESSION_FILE_DIR)
    threshold = app.config.get("SESSION_FILE_THRESHOLD", Defaults.SESSION_FILE_THRESHOLD)
    mode = app.config.get("SESSION_FILE_MODE", Defaults.SESSION_FILE_MODE)
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise ConfigurationError('SESSION_FILE_DIR names a folder, such as "flask_session"')
    if not isinstance(threshold, int) or threshold < 0:
        raise ConfigurationError("SESSION_FILE_THRESHOLD is a number of files; 0 is none")
    if not isinstance(mode, int):
        raise ConfigurationError("SESSION_FILE_MODE is a number, such as 0o600")
    warnings.warn(
        'SESSION_TYPE = "filesystem" is deprecated, since Flask-Session is going to remove it. Write SESSION_TYPE = '
        '"cachelib" and SESSION_CACHELIB = cachelib.FileSystemCache(folder, threshold, mode=mode): the files stay.',
        DeprecationWarning,
        stacklevel=2,
    )
    # Without a threshold the cache does not look through all files when it is made.
    cache = FileSystemCache(os.fspath(folder), threshold=0, mode=mode)
    return of_cache(cache, "SESSION_FILE_MODE", threshold)


def of_cache(cache: Any, setting: str = "SESSION_CACHELIB", threshold: Any = None) -> FileStore:
    """Returns the store of the sessions in a cache's folder.

    :param cache: a ``FileSystemCache``.
    :param setting: the key of the configuration that is to blame.
    :param threshold: another threshold than that of the cache.
    :raises ConfigurationError: the files of this cache can't be shared with it.
    """
    for method in ("get", "set", "delete", "_get_filename"):
        if getattr(type(cache), method) is not getattr(FileSystemCache, method):
            raise ConfigurationError(
                f"{setting} is a cache with a method {method} of its own, which sessions that are compared and swapped "
                "would bypass; use cachelib.FileSystemCache itself"
            )
    if not pickles(cache):
        raise ConfigurationError(f"{setting} has a serializer of its own; sessions in files are pickles")
    mode: int = cache._mode
    if mode & _OWNER != _OWNER or mode > 0o777:
        raise ConfigurationError(f"{setting} has the mode {mode:#o}, with which this process can't use its files")

    def name(key: str) -> str:
        return os.path.basename(str(cache._get_filename(key)))

    return FileStore(
        os.path.abspath(cache._path),
        threshold=cache._threshold if threshold is None else threshold,
        mode=mode,
        name=name,
        count=name(cache._fs_count_file),
    )


def pickles(cache: Any) -> bool:
    """Tells whether a cache writes and reads bare pickles."""
    from cachelib.serializers import BaseSerializer

    serializer = type(cache.serializer)
    methods = ("dump", "load", "dumps", "loads")
    return all(getattr(serializer, method, None) is getattr(BaseSerializer, method) for method in methods)
