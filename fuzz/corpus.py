#!/usr/bin/env python3
"""The fuzzers' inputs: what the real libraries wrote, and what earlier runs found worth keeping.

corpus.py unpack TARGET FOLDER   fills FOLDER with the inputs for TARGET, one file each
corpus.py pack TARGET FOLDER     keeps the inputs in FOLDER, as they are after minimising, for next time

corpus/TARGET.txt holds one input a line, as a Python literal. What the vectors give is not kept there.
"""

import ast
import base64
import json
import pathlib
import pickle
import sys

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "tests/vectors/flask-vectors.json"
DEEPEST = 128  # rocket_session_state_core::value::MAX_DEPTH

# Names of files that are made from something else each time.
MADE = ("vector", "limit", "plain")

# A longer input is more than it is worth.
LONGEST = 500


def from_vectors(target):
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        kind = vector["kind"]
        if kind in ("flask_cookie", "flask_session_id"):
            if target == "cookie":
                yield vector["cookie"].encode()
            if target in ("cookie", "tagged_json") and vector.get("json"):
                yield vector["json"].encode()
        elif kind == "parse_cookie" and target == "cookie":
            yield vector["header"].encode()
        elif kind == f"record_{target}" or kind == "record_decode" and target in ("msgpack", "json"):
            yield base64.b64decode(vector["bytes"] or "")
        elif kind.startswith("record_") and target == "tagged_json" and vector.get("text"):
            yield vector["text"].encode()
        elif kind == "record_decode" and target == "pickle":
            yield base64.b64decode(vector["bytes"])
        elif kind.startswith("cachelib_file") and target == "pickle":
            yield base64.b64decode(vector["file"])[4:]  # behind the time at which it expires


def plain_data():
    """What pickles are made of, with references from one place to another."""
    text, items = "游客 é 😀", [1, -1, 2**31, -(2**63), 2**70, 0.5, float("nan")]
    yield {"user": "momo", "views": 3, "_permanent": True, "theme": {"Named": text}, "photo": b"\x00\xff" * 150}
    yield {text: items, "again": [items, items, text], 7: (), 8: (1,), 9: (1, 2), 10: (1, 2, 3), 11: (1, 2, 3, 4)}
    yield {"sets": [{1, 2}, frozenset({(1, text)})], "bytes": bytearray(b"abc"), None: [None, True, False, "x" * 300]}
    nested = items
    for _ in range(20):
        nested = [nested, nested]
    yield nested


def at_the_limit(target):
    """Each form of a container and of what stands for two levels, as deep as may be and one deeper."""
    forms = {
        "msgpack": [(b"\x91", b""), (b"\x81\xa1k", b""), (b"\x91\xd4\x05x", b"")],
        "json": [(b"[", b"]"), (b'{"k":', b"}")],
        "pickle": [(b"(", b"l"), (b"(", b"t"), (b"(Vk\n", b"d")],
        "tagged_json": [(b"[", b"]"), (b'{"k":', b"}"), (b'{" t":[', b"]}"), (b'{" di":{" t__":', b"}}")],
    }
    leaves = {
        "msgpack": [b"\xc0", b"\xc4\x00", b"\xd4\x05x", b"\xd6\xff\x65\x93\x7d\x25"],
        "json": [b"null", b'"QQ=="'],
        "pickle": [b"N", b"C\x01x"],
        "tagged_json": [b"null", b'{" b":"QQ=="}', b'{" d":"Tue, 02 Jan 2024 03:04:05 GMT"}', b'{" t__":0}'],
    }
    end = b"." if target == "pickle" else b""
    for before, after in forms.get(target, []):
        for leaf in leaves[target]:
            for levels in (DEEPEST // 2, DEEPEST - 1, DEEPEST, DEEPEST + 1):
                yield before * levels + leaf + after * levels + end


def pickles():
    yield from (pickle.dumps(data, protocol) for data in plain_data() for protocol in range(6))


def kept(target):
    file = HERE / "corpus" / f"{target}.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [ast.literal_eval(line) for line in lines]


def unpack(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    sources = {"vector": from_vectors(target), "limit": at_the_limit(target), "kept": kept(target)}
    if target == "pickle":
        sources["plain"] = pickles()
    for source, inputs in sources.items():
        for number, content in enumerate(inputs):
            (folder / f"{source}-{number:04}").write_bytes(content)


def pack(target, folder):
    files = [file for file in folder.iterdir() if file.name.partition("-")[0] not in MADE]
    inputs = {content for file in files if len(content := file.read_bytes()) <= LONGEST}
    ordered = sorted(inputs, key=lambda content: (len(content), content))
    (HERE / "corpus" / f"{target}.txt").write_text("".join(f"{content!r}\n" for content in ordered))


action, target, folder = sys.argv[1:]
{"unpack": unpack, "pack": pack}[action](target, pathlib.Path(folder))
