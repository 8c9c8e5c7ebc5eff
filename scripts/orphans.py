#!/usr/bin/env python3
"""Names the Rust files that nothing compiles: neither a target of a package, nor named by a `mod` or a `#[path]`."""

import os
import re
import subprocess
import sys
from pathlib import Path

TARGETS = ["src/lib.rs", "src/main.rs", "src/bin/*.rs", "src/bin/*/main.rs", "build.rs", "fuzz_targets/*.rs",
           "tests/*.rs", "tests/*/main.rs", "examples/*.rs", "examples/*/main.rs", "benches/*.rs", "benches/*/main.rs"]
# Compiled by a test and by scripts/compile-time.sh.
ELSEWHERE = ["tests/compile-fail/tests/cases/*.rs", "bench/compile/*/part.rs"]


def is_one_of(patterns, file):
    return any(re.fullmatch(pattern.replace(".", r"\.").replace("*", "[^/]*"), str(file)) for pattern in patterns)


def is_target(file):
    packages = (folder for folder in file.parents if (folder / "Cargo.toml").exists())
    return is_one_of(TARGETS, file.relative_to(next(packages))) or is_one_of(ELSEWHERE, file)


def is_named(file):
    module = file.parent if file.name == "mod.rs" else file.with_suffix("")
    folder = module.parent
    parents = [folder / "mod.rs", folder.with_suffix(".rs"), *(f for f in folder.glob("*.rs") if is_target(f))]
    by_name = re.compile(rf"\bmod (r#)?{module.name};")
    by_path = re.compile(rf'#\[path = "([^"]*/)?{re.escape(file.name)}"\]')
    return any(p != file and p.exists() and (by_name.search(p.read_text()) or by_path.search(p.read_text()))
               for p in parents)


os.chdir(Path(__file__).resolve().parents[1])
listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.rs"], check=True,
                        capture_output=True, text=True).stdout.splitlines()
orphans = [name for name in map(Path, listed) if name.exists() and not is_target(name) and not is_named(name)]
for orphan in orphans:
    print(f"{orphan}: nothing compiles it")
sys.exit(bool(orphans))
