"""How a test opens a store in MongoDB."""

from __future__ import annotations

from pymongo import MongoClient

from flask_session_swap.stores.mongodb import MongoStore, open_mongodb

from .place import Place, app_with


def at(address: str) -> MongoStore:
    return open_mongodb(app_with(SESSION_MONGODB=MongoClient(address)))


IN_MONGODB = Place(lambda request: str(request.getfixturevalue("mongodb_server").url), at)
