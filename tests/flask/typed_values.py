"""Typed values: how a Python value travels through JSON without losing its type.

Text, null, booleans, whole numbers below 2^53 and arrays are plain JSON; everything else is an object
with one member that names the type, as in `{"$bytes": "AAE="}`. Every map is a `$dict`.
"""

import base64
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from markupsafe import Markup
from msgspec.msgpack import Ext

# From here on a JSON number is no longer exact in every reader.
INEXACT = 2**53


def to_base64(data):
    return base64.b64encode(data).decode()


READERS = {
    "$dict": lambda pairs: {from_typed(key): from_typed(value) for key, value in pairs},
    "$tuple": lambda items: tuple(map(from_typed, items)),
    "$set": lambda items: set(map(from_typed, items)),
    "$int": int,
    "$float": float,
    "$bytes": base64.b64decode,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$timedelta": lambda parts: timedelta(*parts),
    "$uuid": UUID,
    "$markup": Markup,
    "$decimal": Decimal,
    "$ext": lambda parts: Ext(parts[0], base64.b64decode(parts[1])),
}


def from_typed(value):
    """The Python value that `value`, as `json.loads` gave it, stands for."""
    if isinstance(value, list):
        return [from_typed(item) for item in value]
    if isinstance(value, dict):
        [(form, content)] = value.items()
        return READERS[form](content)
    return value


def to_typed(value):
    """The JSON form of `value`. Subclasses come before the types they extend."""
    match value:
        case None | bool():
            return value
        case Markup():
            return {"$markup": str(value)}
        case str():
            return value
        case int():
            return value if abs(value) < INEXACT else {"$int": str(value)}
        case float():
            return {"$float": repr(value)}
        case list():
            return [to_typed(item) for item in value]
        case Ext():
            return {"$ext": [value.code, to_base64(value.data)]}
        case tuple():
            return {"$tuple": [to_typed(item) for item in value]}
        case set() | frozenset():
            return {"$set": [to_typed(item) for item in value]}
        case dict():
            return {"$dict": [[to_typed(key), to_typed(item)] for key, item in value.items()]}
        case bytes() | bytearray() | memoryview():
            return {"$bytes": to_base64(bytes(value))}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case time():
            return {"$time": value.isoformat()}
        case timedelta():
            return {"$timedelta": [value.days, value.seconds, value.microseconds]}
        case UUID():
            return {"$uuid": str(value)}
        case Decimal():
            return {"$decimal": str(value)}
    raise TypeError(f"no typed form for {type(value).__name__}")
