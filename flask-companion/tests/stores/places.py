"""The places that the tests of every store are run with: add yours, with a file that opens it."""

from __future__ import annotations

from typing import Dict

from . import at_files, at_memcached, at_redis
from .place import Place

PLACES: Dict[str, Place] = {
    "files": at_files.IN_FOLDER,
    "memcached": at_memcached.ON_SERVER,
    "redis": at_redis.ON_SERVER,
    "redis_cluster": at_redis.ON_CLUSTER,
    "redis_with_texts": at_redis.WITH_TEXTS,
}
