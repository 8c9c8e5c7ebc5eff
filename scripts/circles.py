#!/usr/bin/env python3
"""Finds circles between the folders of a crate: at each level, the arrows of `use` and of paths point one way.

Names that a module re-exports count as what they lead to. Tests are left out. Usage: scripts/circles.py SRC …
"""

import re
import sys
from pathlib import Path

COMMENT = re.compile(r"//.*")
TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod \w+ \{.*", re.DOTALL)
USE = re.compile(r"^\s*(pub(?:\([^)]*\))? )?use ([^;]+);", re.MULTILINE)
INLINE = re.compile(r"\b(?:crate|super)(?:::\w+)+")


def split(tree):
    """`a::{b, c::{d, e as f}}` as its paths, each with the name by which it is known afterwards."""
    head, brace, rest = tree.partition("{")
    if not brace:
        path, _, renamed = tree.partition(" as ")
        parts = tuple(part.strip() for part in path.split("::"))
        yield parts, renamed.strip() or parts[-1]
        return
    depth, item = 0, ""
    for letter in rest[: rest.rindex("}")] + ",":
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter != "," or depth:
            item += letter
        elif item.strip():
            for path, name in split(item.strip()):
                parts = tuple(part.strip() for part in head.split("::") if part.strip()) + path
                yield (parts[:-1], parts[-2]) if parts[-1] == "self" else (parts, name)
            item = ""
        else:
            item = ""


class Crate:
    def __init__(self, source):
        self.texts = {}
        for file in source.rglob("*.rs"):
            if file.stem != "tests":
                module = file.relative_to(source).with_suffix("").parts
                module = module[:-1] if module[-1] in ("mod", "lib", "main") else module
                self.texts[module] = TESTS.sub("", COMMENT.sub("", file.read_text()))
        self.exports = {module: {} for module in self.texts}
        for module, text in self.texts.items():
            for public, tree in USE.findall(text):
                for path, name in split(tree) if public else ():
                    self.exports[module][name] = path

    def absolute(self, module, path):
        """The path from the root of the crate, or nothing for another crate's."""
        if path[0] == "crate":
            return path[1:]
        while path and path[0] in ("self", "super"):
            module, path = (module[:-1] if path[0] == "super" else module), path[1:]
            if not path or path[0] != "super":
                return module + path
        return module + path if path and module + path[:1] in self.texts else None

    def leads_to(self, path, steps=8):
        """The module in which the thing at an absolute path is."""
        at = ()
        for n, part in enumerate(path):
            if at + (part,) in self.texts:
                at += (part,)
            elif steps and part in self.exports[at]:
                found = self.absolute(at, self.exports[at][part])
                return self.leads_to(found + path[n + 1:], steps - 1) if found else None
            else:
                break
        return at

    def arrows(self):
        for module, text in self.texts.items():
            paths = [path for _, tree in USE.findall(text) for path, _ in split(tree)]
            paths += [tuple(path.split("::")) for path in INLINE.findall(USE.sub("", text))]
            for path in paths:
                found = self.absolute(module, path)
                target = self.leads_to(found) if found else None
                if target:
                    yield module, target


def circle(arrows):
    """A circle as the list of its nodes, if there is one."""
    for start in sorted(arrows):
        way, seen = [[start]], set()
        while way:
            path = way.pop()
            for following in sorted(arrows.get(path[-1], {})):
                if following == start:
                    return path + [start]
                if following not in seen:
                    seen.add(following)
                    way.append(path + [following])
    return None


count = 0
for source in map(Path, sys.argv[1:]):
    levels = {}
    for here, there in Crate(source).arrows():
        common = next((n for n, (a, b) in enumerate(zip(here, there)) if a != b), None)
        if common is None or not all((source.joinpath(*end[: common + 1])).is_dir() for end in (here, there)):
            continue
        level = levels.setdefault(here[:common], {})
        level.setdefault(here[common], {}).setdefault(there[common], f"{'::'.join(here)} -> {'::'.join(there)}")
    for level, arrows in sorted(levels.items()):
        while found := circle(arrows):
            count += 1
            print(f"{source.joinpath(*level)}: {' -> '.join(found)}")
            for here, there in zip(found, found[1:]):
                print(f"    {arrows[here][there]}")
            del arrows[found[-2]][found[-1]]
print(f"{count} circles between folders")
sys.exit(count > 0)
