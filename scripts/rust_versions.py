#!/usr/bin/env python3
"""The Rust that each feature of the library needs: the newest that a manifest of its dependencies names.

Prints one line per feature, the default first: `redis 1.89`. With a document as argument it fails unless a table there
says the same.
"""

import json
import re
import subprocess
import sys

PACKAGE = "rocket_session_state"


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def number(version):
    return tuple(int(part) for part in version.split(".")[:2])


packages = json.loads(cargo("metadata", "--format-version=1", "--all-features", "--locked"))["packages"]
needs = {(p["name"], p["version"]): number(p["rust_version"]) for p in packages if p["rust_version"]}
features = next(p["features"] for p in packages if p["name"] == PACKAGE)


def needed(feature):
    tree = cargo("tree", f"--package={PACKAGE}", f"--features={feature}", "--edges=normal,build",
                 "--prefix=none", "--format={p}", "--locked")
    found = re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE)
    return "{}.{}".format(*max(needs.get(package, (0, 0)) for package in found))


table = {name: needed(name) for name in ["default", *sorted(set(features) - {"default"})]}
for feature, version in table.items():
    print(feature, version)
if len(sys.argv) > 1:
    with open(sys.argv[1], encoding="utf-8") as document:
        written = dict(re.findall(r"^\| `?([\w-]+)`? *\| (\d+\.\d+) \|", document.read(), re.MULTILINE))
    if written != table:
        sys.exit(f"{sys.argv[1]} says otherwise: {written}")
