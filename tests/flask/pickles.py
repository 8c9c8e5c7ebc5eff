"""Pickles for a reader that can't execute anything: `pickles.py SEED COUNT`.

Prints one JSON object a line: `pickle` in base64, `value` (typed, as CPython reads it, or null if it refuses)
and `kind`: `whole` pickles of random plain data in every protocol; `global` ones, for which Python needs
more than data, such as bytes before protocol 3; `damaged` ones, in which some bytes were changed.
"""

import base64
import io
import json
import pickle
import pickletools
import random
import resource
import struct
import sys

from typed_values import to_typed

NAMING = {"GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"}
CALLING = {"REDUCE", "BUILD", "OBJ", "NEWOBJ", "NEWOBJ_EX"}
LETTERS = "aZ0 _'\"\\\n\r\t\0\x1a\x7f\xa0\xe9\xff\u0100游客\uffff😀"


class Values:
    """Random values of which some hold the same object as others."""

    def __init__(self, chance):
        self.chance = chance
        self.seen = []

    def value(self, depth=0):
        if self.seen and self.chance.random() < 0.15:
            return self.chance.choice(self.seen)
        kinds = [self.scalar] * (2 + depth) + [self.list, self.tuple, self.dict, self.set] * (depth < 5)
        value = self.chance.choice(kinds)(depth + 1)
        self.seen.append(value)
        return value

    def scalar(self, _depth=0):
        chance = self.chance
        kind = chance.randrange(10)
        if kind < 3:
            return self.text()
        if kind < 5:
            bits = chance.choice([1, 8, 9, 16, 17, 31, 32, 63, 64, 127, 128, 600])
            return chance.choice([-1, 1]) * chance.randrange(1 << bits)
        if kind == 5:
            return struct.unpack("<d", chance.randbytes(8))[0]
        if kind == 6:
            return chance.choice([0.0, -0.0, 1.0, 0.1, 1e16, 1e-5, float("inf"), float("-inf"), float("nan")])
        if kind == 7:
            data = chance.randbytes(chance.choice([0, 1, 5, 300]))
            return chance.choice([bytes, bytearray])(data)
        return chance.choice([None, True, False])

    def text(self):
        return "".join(self.chance.choices(LETTERS, k=self.chance.choice([0, 1, 3, 10, 300])))

    def some(self, make):
        return [make() for _ in range(self.chance.choice([0, 1, 2, 3, 4, 8]))]

    def list(self, depth):
        return self.some(lambda: self.value(depth))

    def tuple(self, depth):
        return tuple(self.list(depth))

    def dict(self, depth):
        keys = [self.text, self.text, lambda: self.chance.randrange(-3, 300), lambda: (self.text(), None)]
        key = self.chance.choice(keys)
        return {key(): self.value(depth) for _ in range(self.chance.choice([0, 1, 2, 4]))}

    def set(self, _depth):
        return self.chance.choice([set, frozenset])(self.some(self.text))


def dumps(value, protocol, chance):
    # The C implementation, the Python one, and what is left without needless PUTs.
    pickler = chance.choice([pickle.Pickler, pickle._Pickler])
    file = io.BytesIO()
    pickler(file, protocol).dump(value)
    data = file.getvalue()
    return pickletools.optimize(data) if chance.random() < 0.2 else data


def damage(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.randrange(2)] = chance.choice([chance.randbytes(1), data[at : at + 1], b""])
    return bytes(data)


def executes(data):
    return any(opcode.name in NAMING | CALLING for opcode, _, _ in pickletools.genops(data))


def read(data):
    try:
        if executes(data):
            return {"value": None, "error": "it would be executed"}
        value = to_typed(pickle.loads(data))
        json.dumps(value, ensure_ascii=False).encode()  # refuses half of a surrogate pair, as any text in Rust does
        return {"value": value}
    except Exception as error:
        return {"value": None, "error": type(error).__name__}


def show(kind, data, **more):
    print(json.dumps({"kind": kind, "pickle": base64.b64encode(data).decode(), **more}))


def main(seed, count):
    # A damaged place in the memo makes CPython allocate gigabytes.
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    chance = random.Random(seed)
    for _ in range(count):
        value = Values(chance).value()
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = dumps(value, protocol, chance)
            show("global" if executes(data) else "whole", data, value=to_typed(value))
            data = damage(data, chance)
            show("damaged", data, **read(data))


main(*map(int, sys.argv[1:]))
