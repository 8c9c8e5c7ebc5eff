#!/usr/bin/env python3
"""The Rust that each feature of the library needs: the newest that a manifest of its dependencies names.

Prints one line per feature, the default first: `redis 1.89`. Fails unless the tables of docs/features.md and
docs/stores.md say the same.
"""

import json
import re
import subprocess
import sys

PACKAGE = "rocket_session_state"
DOCUMENT = "docs/features.md"
# Each store is a column here.
STORES = "docs/stores.md"
# Without effect alone.
TOGETHER = {"sql-tls": "sql-tls,postgres", "default": "default"}


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def number(version):
    return tuple(int(part) for part in version.split(".")[:2])


packages = json.loads(cargo("metadata", "--format-version=1", "--all-features", "--locked"))["packages"]
needs = {(p["name"], p["version"]): number(p["rust_version"]) for p in packages if p["rust_version"]}
features = next(p["features"] for p in packages if p["name"] == PACKAGE)


def needed(feature):
    tree = cargo("tree", f"--package={PACKAGE}", f"--features={TOGETHER.get(feature, feature)}", "--locked",
                 "--edges=normal,build", "--prefix=none", "--format={p}")
    found = re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE)
    return "{}.{}".format(*max(needs.get(package, (0, 0)) for package in found))


table = {name: needed(name) for name in ["default", *sorted(set(features) - {"default"})]}
for feature, version in table.items():
    print(feature, version)
with open(DOCUMENT, encoding="utf-8") as document:
    rows = re.findall(r"^\| (.+?) \|.*\| (\d+\.\d+) \|$", document.read(), re.MULTILINE)
written = {name: version for names, version in rows for name in re.findall(r"[\w-]+", names)}
with open(STORES, encoding="utf-8") as document:
    rows = [[cell.strip() for cell in line.split("|")[1:]] for line in document if line.startswith("| ")]
    cells = {row[0]: row[1:] for row in rows}
for names, version in zip(cells["Cargo feature"], cells["Oldest Rust"]):
    written.update((name, version) for name in re.findall(r"`([\w-]+)`", names))
for feature in sorted(table.keys() | written.keys()):
    if table.get(feature) != written.get(feature):
        sys.exit(f"{feature} needs {table.get(feature)}, and {DOCUMENT} or {STORES} says {written.get(feature)}")
