"""Sessions in MongoDB, as Flask-Session keeps them."""

from __future__ import annotations

import threading
import warnings
from typing import Any, Callable, Dict, Mapping, Optional, TypeVar, Union

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from flask import Flask
from flask_session.defaults import Defaults
from pymongo import ASCENDING, IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidName,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from pymongo.read_preferences import ReadPreference

from ..settings import ConfigurationError
from .store import Conflict, Done, Loaded, StoreError, Swapped

_Document = Dict[str, Any]
_Result = TypeVar("_Result")

#: The longest record in bytes: half of what a command may hold, which names the old record and the new one,
#: less what it holds around them.
LARGEST_RECORD = 8 * 1024 * 1024 - 16 * 1024

#: The server's code for a second document of one id.
_DUPLICATE_KEY = 11_000

#: Those for an index that exists with other options.
_OTHER_INDEX = (85, 86)

#: A ``val`` as pymongo reads it: binary data of the usual kind, of another, or a text.
_Val = Union[bytes, str]


def open_mongodb(app: Flask) -> MongoStore:
    """Opens the collection of ``SESSION_MONGODB``, by the keys that Flask-Session has.

    It makes the indexes, as Flask-Session makes its own. A server that can't be reached is left to the first
    request.

    :raises ConfigurationError: the client is none, does not ask what it has written, or the server refuses
        the indexes.
    """
    config = app.config
    client = config.get("SESSION_MONGODB", Defaults.SESSION_MONGODB)
    if client is None:
        text = "SESSION_MONGODB is not set: sessions are kept in the MongoDB at localhost:27017"
        warnings.warn(text, RuntimeWarning, stacklevel=4)
        client = MongoClient()
    if not isinstance(client, MongoClient):
        kind = type(client).__name__
        raise ConfigurationError(f"SESSION_MONGODB is a MongoClient of pymongo, not a {kind}")
    if not client.write_concern.acknowledged:
        raise ConfigurationError(
            "SESSION_MONGODB says w=0, so that nobody would know what was written: remove that"
        )
    database = config.get("SESSION_MONGODB_DB", Defaults.SESSION_MONGODB_DB)
    name = config.get("SESSION_MONGODB_COLLECT", Defaults.SESSION_MONGODB_COLLECT)
    try:
        collection = client[database][name]
    except (InvalidName, TypeError) as error:
        raise ConfigurationError(
            f"SESSION_MONGODB_DB or SESSION_MONGODB_COLLECT can't be used: {error}"
        ) from error
    store = MongoStore(collection)
    try:
        store.make_indexes()
    except StoreError as error:
        if isinstance(error.__cause__, ConnectionFailure):
            return store
        raise ConfigurationError(f"SESSION_MONGODB can't be used: {error}") from error
    return store


class MongoStore:
    """Sessions in MongoDB, one document each, in Flask-Session's form.

    ``id`` is the key, ``val`` the record as binary data, ``expiration`` the moment at which it ends.

    A load is one command. So is a swap, whose filter names the expected record; where others were faster it
    loads what they wrote. The time that a call is given decides what has expired; MongoDB's own task, which
    runs about once a minute, only frees the room. A unique index lets no ``id`` exist twice, which
    Flask-Session does not have: without it, two that create one record at once would both succeed.

    That the driver repeats a write whose answer was lost (``retryWrites``) takes nothing away: it does so
    where the server knows the first attempt by its number, and answers for it, and nowhere else.
    """

    pickles = False

    def __init__(self, collection: Collection[Any]) -> None:
        # Not as the application's client reads documents: every command goes to the primary, and moments are
        # numbers.
        options: CodecOptions[_Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
        self._collection: Collection[_Document] = collection.with_options(
            codec_options=options, read_preference=ReadPreference.PRIMARY
        )
        self._is_indexed = False
        self._indexing = threading.Lock()

    def make_indexes(self) -> None:
        """Makes the index that removes expired documents, as Flask-Session does, and that of unique ids.

        :raises StoreError: they are not there, or nobody knows.
        """
        with self._indexing:
            if not self._is_indexed:
                once = IndexModel([("id", ASCENDING)], unique=True)
                removes_expired = IndexModel([("expiration", ASCENDING)], expireAfterSeconds=0)
                _run(lambda: self._collection.create_indexes([once, removes_expired]), writes=False)
                self._is_indexed = True

    def load(self, key: str, now: float) -> Optional[Loaded]:
        """Returns the record under a key."""
        fields = {"_id": 0, "val": 1, "expiration": 1}
        found = _run(lambda: self._collection.find_one(_alive(key, now), fields), writes=False)
        return None if found is None else _loaded(found)

    def swap(
        self, key: str, expected: Optional[Loaded], new: Optional[bytes], lifetime: Optional[int], now: float
    ) -> Swapped:
        """Replaces the record under a key, if it is still the one that is expected."""
        if new is not None and len(new) > LARGEST_RECORD:
            text = f"a record of {len(new)} bytes is too large: MongoDB holds at most {LARGEST_RECORD}"
            raise StoreError(text, is_open=False)
        if not self._is_indexed:
            self.make_indexes()
        if expected is None:
            done = new is not None and self._create(key, _record(new, lifetime or 0, now), now)
        elif new is None:
            filtered = {**_alive(key, now), "val": _val(expected)}
            done = _run(lambda: self._collection.delete_one(filtered).deleted_count, writes=True) > 0
        else:
            filtered = {**_alive(key, now), "val": _val(expected)}
            update = {"$set": _record(new, lifetime, now)}
            done = _run(lambda: self._collection.update_one(filtered, update).matched_count, writes=True) > 0
        if done:
            return Done()
        current = self.load(key, now)
        return Done() if current is None and expected is None and new is None else Conflict(current)

    def delete(self, key: str, now: float) -> bool:
        """Removes the record under a key, whatever it is.

        A document that has expired goes, too: to another process, whose clock is behind, it may be alive.
        """
        fields = {"_id": 0, "expiration": 1}
        found = _run(lambda: self._collection.find_one_and_delete({"id": key}, fields), writes=True)
        expiration = found.get("expiration") if found is not None else None
        return isinstance(expiration, DatetimeMS) and int(expiration) > int(_moment(now))

    def _create(self, key: str, record: Mapping[str, Any], now: float) -> bool:
        """Writes a record where no living one is. One that has expired is made a new one."""
        # A living document does not match, and by the unique index keeps a second one from being inserted.
        expired = {"id": key, "expiration": {"$lte": _moment(now)}}
        update = {"$set": {"id": key, **record}}

        def write() -> bool:
            try:
                self._collection.update_one(expired, update, upsert=True)
            except DuplicateKeyError:
                return False
            return True

        return _run(write, writes=True)


def _run(command: Callable[[], _Result], *, writes: bool) -> _Result:
    """Runs a command. A failure is told without the words of the server, which quote keys and documents."""
    try:
        return command()
    except (ServerSelectionTimeoutError, WaitQueueTimeoutError) as error:
        raise StoreError("MongoDB can't be reached", is_open=False) from error
    except ConnectionFailure as error:
        raise StoreError("the connection to MongoDB failed", is_open=writes) from error
    except OperationFailure as error:
        # Done by the primary, though not yet by as many others as were asked for; or perhaps done.
        is_open = isinstance(error, (WriteConcernError, ExecutionTimeout))
        is_open = is_open or error.has_error_label("RetryableWriteError")
        raise StoreError(_answer(error), is_open=writes and is_open) from None
    except PyMongoError as error:
        raise StoreError(f"the driver of MongoDB failed ({type(error).__name__})", is_open=writes) from None


def _answer(error: OperationFailure) -> str:
    name = (error.details or {}).get("codeName")
    text = f"MongoDB answered error {error.code}"
    if isinstance(name, str) and name.isalnum():
        text += f" ({name})"
    if error.code in _OTHER_INDEX:
        text += ": there is an index on `id` or `expiration` with other options than sessions need; drop it"
    if error.code == _DUPLICATE_KEY:
        # Two requests of Flask-Session can have written one session twice.
        text += (
            ': two documents have one id; list such ids with db.COLLECTION.aggregate([{$group: {_id: "$id", '
            "n: {$sum: 1}}}, {$match: {n: {$gt: 1}}}]) in mongosh, and delete all but one document of each"
        )
    return text


def _alive(key: str, now: float) -> _Document:
    return {"id": key, "expiration": {"$gt": _moment(now)}}


def _record(new: bytes, lifetime: Optional[int], now: float) -> _Document:
    """Returns the fields that are written beside the key. A record without a life keeps its end."""
    return {"val": new} if lifetime is None else {"val": new, "expiration": _moment(now + lifetime)}


def _moment(seconds: float) -> DatetimeMS:
    """Returns a moment as Python's, cut to the milliseconds that MongoDB has."""
    return DatetimeMS(min(round(seconds * 1_000_000) // 1000, 2**63 - 1))


def _val(expected: Loaded) -> _Val:
    """Returns what is compared: the record, in the form in which it was found."""
    val: _Val = expected.record if expected.version is None else expected.version
    return val


def _loaded(document: _Document) -> Loaded:
    val, expiration = document.get("val"), document.get("expiration")
    if not isinstance(val, (bytes, str)):
        raise StoreError("a document of a session has no binary data in `val`", is_open=False)
    expires = int(expiration) / 1000 if isinstance(expiration, DatetimeMS) else None
    if type(val) is bytes:
        return Loaded(val, expires)
    # Flask-Session reads a text as well, and binary data of any kind.
    return Loaded(val.encode() if isinstance(val, str) else bytes(val), expires, version=val)
