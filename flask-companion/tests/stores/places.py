"""The places that the tests of every store are run with: add yours, with a file that opens it."""

from __future__ import annotations

from typing import Dict

from . import at_cachelib, at_files, at_memcached, at_mongodb, at_redis, at_sql
from .place import Place

PLACES: Dict[str, Place] = {
    "cachelib_redis": at_cachelib.ON_REDIS,
    "files": at_files.IN_FOLDER,
    "mariadb": at_sql.IN_MARIADB,
    "memcached": at_memcached.ON_SERVER,
    "mongodb": at_mongodb.IN_MONGODB,
    "postgresql": at_sql.IN_POSTGRES,
    "redis": at_redis.ON_SERVER,
    "redis_cluster": at_redis.ON_CLUSTER,
    "sqlite": at_sql.IN_SQLITE,
}
