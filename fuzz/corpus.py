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
import sys

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "tests/vectors/flask-vectors.json"
DEEPEST = 128  # session_core::value::MAX_DEPTH

# An input longer than this is found again by every run, or is of no use to one.
LONGEST = 1000


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


def at_the_limit(target):
    """Each form of a container and of what stands for two levels, as deep as may be and one deeper."""
    forms = {
        "msgpack": [(b"\x91", b""), (b"\x81\xa1k", b""), (b"\x91\xd4\x05x", b"")],
        "json": [(b"[", b"]"), (b'{"k":', b"}")],
        "tagged_json": [(b"[", b"]"), (b'{"k":', b"}"), (b'{" t":[', b"]}"), (b'{" di":{" t__":', b"}}")],
    }
    leaves = {
        "msgpack": [b"\xc0", b"\xc4\x00", b"\xd4\x05x", b"\xd6\xff\x65\x93\x7d\x25"],
        "json": [b"null", b'"QQ=="'],
        "tagged_json": [b"null", b'{" b":"QQ=="}', b'{" d":"Tue, 02 Jan 2024 03:04:05 GMT"}', b'{" t__":0}'],
    }
    for before, after in forms.get(target, []):
        for leaf in leaves[target]:
            for levels in (DEEPEST // 2, DEEPEST - 1, DEEPEST, DEEPEST + 1):
                yield before * levels + leaf + after * levels


def kept(target):
    file = HERE / "corpus" / f"{target}.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    return [ast.literal_eval(line) for line in lines]


def unpack(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    sources = {"vector": from_vectors(target), "limit": at_the_limit(target), "kept": kept(target)}
    for source, inputs in sources.items():
        for number, content in enumerate(inputs):
            (folder / f"{source}-{number:04}").write_bytes(content)


def pack(target, folder):
    files = [file for file in folder.iterdir() if file.name.partition("-")[0] not in ("vector", "limit")]
    inputs = {content for file in files if len(content := file.read_bytes()) <= LONGEST}
    ordered = sorted(inputs, key=lambda content: (len(content), content))
    (HERE / "corpus" / f"{target}.txt").write_text("".join(f"{content!r}\n" for content in ordered))


action, target, folder = sys.argv[1:]
{"unpack": unpack, "pack": pack}[action](target, pathlib.Path(folder))
