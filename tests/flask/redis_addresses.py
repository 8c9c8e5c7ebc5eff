"""Where redis-py is with each of these addresses: database and user, or that it refuses.

The one argument is a list of addresses in JSON, and so is the output: an object for each.
"""

import json
import sys

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def place(url):
    try:
        # Nothing is tried again: what is refused here is refused again.
        with redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
            info = client.client_info()
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    return {"server": info["laddr"], "database": int(info["db"]), "user": info["user"]}


print(json.dumps([place(url) for url in json.loads(sys.argv[1])]))
