"""The package as those get it who install it."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, Set

FOLDER = Path(__file__).parent.parent


def output_of(*command: str, folder: Path = FOLDER) -> str:
    """What a command prints; one that fails fails the test with it."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_every_line_of_the_package_is_typed(tmp_path: Path) -> None:
    output_of(sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path))


def test_a_wheel_of_the_package_has_every_file_of_it(tmp_path: Path) -> None:
    # A build leaves files beside the sources.
    copy = shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns("tests", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    output_of(*pip, "--wheel-dir", str(tmp_path), str(copy))
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if not name.partition("/")[0].endswith(".dist-info")}
    source = FOLDER / "src"
    written = {file.relative_to(source).as_posix() for file in source.rglob("*") if is_part(file)}
    assert {"flask_session_swap/py.typed", "flask_session_swap/stores/swap.lua"} <= written
    assert packed == written


def test_no_part_of_the_package_is_in_a_circle_with_another() -> None:
    known = parts_known_by_each()
    assert known["stores"] == {"settings"}, "a store knows nothing of sessions"
    while True:
        # Whoever knows nobody that is left is below all others.
        lowest = {part for part, others in known.items() if not others & known.keys()}
        if not lowest:
            break
        known = {part: others for part, others in known.items() if part not in lowest}
    assert known == {}, "each of these uses another one of them"


def parts_known_by_each() -> Dict[str, Set[str]]:
    """The files and folders of the package, each with those that it imports."""
    package = FOLDER / "src/flask_session_swap"
    known: Dict[str, Set[str]] = {}
    for file in package.rglob("*.py"):
        inside = file.relative_to(package).with_suffix("").parts
        others = known.setdefault(inside[0], set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == len(inside):
                named = [node.module] if node.module else [alias.name for alias in node.names]
                others.update(name.partition(".")[0] for name in named)
        others.discard(inside[0])
    return known


def is_part(file: Path) -> bool:
    """Neither compiled nor left behind by an installation."""
    return file.is_file() and file.suffix != ".pyc" and "egg-info" not in str(file)
