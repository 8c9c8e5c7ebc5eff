"""The types that are made of a layout file, as a type checker sees them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest

from flask_session_swap import layout, stub
from flask_session_swap.__main__ import main

ROOT = Path(__file__).parent.parent.parent
MIGRATION = ROOT / "examples/migration/session-layout.json"
WHOLE = ROOT / "tests/tests/rocket/testing/session-layout.json"

#: What no code of these may be: each line that has a comment is one mistake, which it names.
MIGRATION_CODE = """
from session_types import Visit, session

def order(article: str) -> int:
    cart = session.setdefault("cart", {})
    cart[article] = cart.get(article, 0) + 1
    return cart[article]

def log_in(name: str) -> None:
    session["username"] = name
    session.pop("cart", None)

def greeting(visit: Visit) -> str:
    return visit.get("username", "stranger")

greeting(session)
session["usernam"] = "momo"  # typeddict-unknown-key
session["username"] = 3  # typeddict-item
session["cart"] = {"Oolong": "two"}  # dict-item
session["cart"] = ["Oolong"]  # typeddict-item
number: int = session["username"]  # assignment
session.get("cart", {})[3] = 1  # index
print(session["theme"])  # typeddict-item
"""

WHOLE_CODE = """
from datetime import datetime
from session_types import Admin, Item, Session, Visit, session

tea: Item = {"id": "67e55044-10b1-426f-9247-bb680e5fe0c8", "from": "192.0.2.1", "size": "Small"}
session["cart"] = [tea, {**tea, "size": {"Other": {"centimetres": 3}}, "note": None}]
session["views"] = session.get("views", 0) + 1
session["notes"] = {1: "anything", 2: [3]}
session["since"] = datetime.now()
session["colour"] = ["any", "thing"]

def language(visit: Visit) -> str:
    return visit.get("lang", "en")

def notes(admin: Admin) -> int:
    return len(admin.get("notes", {}))

language(session)
notes(session)
for item in session.get("cart", []):
    if item["size"] != "Small":
        height: int = item["size"]["Other"]["centimetres"]
session["cart"] = [{"id": "1", "from": "192.0.2.1"}]  # typeddict-item
session["cart"] = [{**tea, "size": "Large"}]  # typeddict-item
session["cart"] = [{**tea, "weight": 3}]  # typeddict-unknown-key
session["since"] = "yesterday"  # typeddict-item
session["notes"] = {"one": 1}  # dict-item
tea["note"] = 3  # typeddict-item
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mypy's, so that Flask is read once."""
    return tmp_path_factory.mktemp("mypy")


def refusals(folder: Path, cache: Path, code: str) -> List[str]:
    """The mistakes that mypy finds in code beside the stub, by line: ``3: index``."""
    (folder / "code.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(cache)]
    command += ["code.py", "session_types.py"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    found = re.findall(r"^(.*?\.py):(\d+): error: .*\[(.*)\]$", done.stdout, re.MULTILINE)
    assert bool(found) == (done.returncode != 0), done.stdout
    return sorted({f"{file}:{line}: {kind}" for file, line, kind in found})


def marked(code: str) -> Iterator[str]:
    for number, line in enumerate(code.splitlines(), 1):
        if "  # " in line:
            yield f"code.py:{number}: {line.partition('  # ')[2]}"


@pytest.mark.parametrize(
    ("path", "code"), [(MIGRATION, MIGRATION_CODE), (WHOLE, WHOLE_CODE)], ids=["migration", "whole"]
)
def test_mypy_accepts_right_use_and_rejects_a_wrong_key_and_a_wrong_type(
    path: Path, code: str, tmp_path: Path, cache: Path
) -> None:
    main(["stub", str(path), "-o", str(tmp_path / "session_types.py")])
    assert refusals(tmp_path, cache, code) == sorted(marked(code))


def test_keys_and_names_that_python_can_not_write_are_typed_all_the_same(tmp_path: Path, cache: Path) -> None:
    fields = {
        "in-stock": {"type": "boolean"},
        "class": {"type": "text"},
        "list": {"type": {"list": {"type": "my \"type\""}}},
        "__private": {"type": {"optional": {"type": "Any"}}},
        "pair": {"type": {"tuple": ["text", "u8"]}},
    }
    types = {
        'my "type"': {"struct": {"a b": {"type": "u8"}, "c": {"type": "text", "absent": True}}},
        "Any": {"enum": {"one": "null", "two": "null"}},
        "3": {"struct": {"below": {"type": {"list": {"type": "3"}}}}},
    }
    path = tmp_path / "layout.json"
    content = {"version": 1, "fields": fields, "types": types, "states": {"Visit": list(fields)}}
    path.write_text(json.dumps(content), encoding="utf-8")
    main(["stub", str(path), "-o", str(tmp_path / "session_types.py")])
    code = """
from session_types import Type3, session

session["in-stock"] = True
session["class"] = "tea"
session["list"] = [{"a b": 3}, {"a b": 3, "c": "text"}]
session["__private"] = "one"
session["pair"] = ("text", 3)
session["pair"] = ["text", 3]
tree: Type3 = {"below": [{"below": []}]}
session["in-stock"] = "yes"  # typeddict-item
session["list"] = [{"c": "text"}]  # typeddict-item
session["__private"] = "three"  # typeddict-item
"""
    assert refusals(tmp_path, cache, code) == sorted(marked(code))
    # It is a module, too.
    command = [sys.executable, "-c", "import session_types"]
    done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr


def test_the_types_are_those_that_the_format_of_the_records_gives_back() -> None:
    whole = layout.read(WHOLE)
    for format, types in [
        ("msgpack", ["since: datetime", "notes: dict[int, Any]", "'id': 'str'"]),
        ("json", ["since: str", "notes: dict[str, Any]", "'id': 'str'"]),
        ("pickle", ["since: datetime", "notes: dict[int, Any]", "'id': 'UUID'"]),
    ]:
        text = stub.stub(whole, "session-layout.json", format)
        assert [told for told in types if told not in text] == [], format


def test_without_a_file_to_write_the_module_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["stub", str(MIGRATION)])
    assert capsys.readouterr().out == stub.stub(layout.read(MIGRATION), "session-layout.json")


def test_a_layout_that_can_not_be_read_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["stub", str(tmp_path / "missing.json")])
    assert ended.value.code == 2
    assert "missing.json" in capsys.readouterr().err
