"""Types of an application's sessions: a module with a ``TypedDict`` for each Rust struct."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from .layout import CUSTOM, INTEGERS, Field, Layout, part

#: The formats of records. What Python reads of a value depends on it.
FORMATS = ("msgpack", "json", "pickle")

#: Types without parts, where all formats have them.
_PLAIN = {
    "any": "Any",
    "boolean": "bool",
    "character": "str",
    "null": "None",
    "number": "float",
    "text": "str",
    **dict.fromkeys(INTEGERS, "int"),
}

#: Those that depend on the format, in its order.
_BY_FORMAT = {
    "bytes": ("bytes", "str", "bytes"),
    "datetime": ("datetime", "str", "datetime"),
    "uuid": ("str", "str", "UUID"),
}

#: Names that the module uses itself.
_TYPING = ("Any", "Literal", "Optional", "Sequence", "TypedDict", "Union", "cast")
_BUILTIN = ("bool", "bytes", "dict", "float", "int", "list", "str")
_RESERVED = {*_TYPING, *_BUILTIN, "annotations", "datetime", "session", "UUID"}

_HEAD = '''"""Types of the sessions in {source}. Made by ``flask-session-swap stub``: not to be edited.

``session`` is Flask's, and a type checker knows its keys and their types. Use ``flask.session`` itself for
``permanent``, ``modified`` and the like.
"""

from __future__ import annotations

{imports}

from flask import session as _session
'''


def stub(layout: Layout, source: str, format: str = "msgpack") -> str:
    """Returns the text of the module.

    :param source: the name of the layout file, for the module's docstring.
    :param format: the format of the application's records, one of ``FORMATS``.
    """
    return _Module(layout, FORMATS.index(format)).text(source)


@dataclass
class _Module:
    layout: Layout
    format: int
    #: The Python names of the types and states.
    names: Dict[str, str] = field(default_factory=dict)
    used: Set[str] = field(default_factory=lambda: set(_RESERVED))

    def text(self, source: str) -> str:
        for name in self.layout.types:
            self.names[name] = self.new_name(name)
        states = {self.new_name(name.rpartition("::")[2]): keys for name, keys in self.layout.states.items()}
        blocks = [block for name, body in self.layout.types.items() for block in self.named(name, body)]
        for name, keys in states.items():
            blocks += self.state(name, f"The keys of the Rust side's state ``{_plain(name)}``.", keys)
        whole = next(iter(states), "")
        if len(states) != 1:
            whole = self.new_name("Session")
            blocks += self.state(whole, "All keys.", list(self.layout.fields))
        blocks.append(f"#: Flask's session, with these types.\nsession: {whole} = cast({whole}, _session)")
        body = "\n\n\n".join(blocks)
        return f"{_HEAD.format(source=_plain(source), imports=_imports(body))}\n\n{body}\n"

    def new_name(self, wanted: str) -> str:
        """Returns a name for a class that is like the one that is wanted, and that nothing else has."""
        name = re.sub(r"\W", "", wanted)
        name = name if name.isidentifier() and not keyword.iskeyword(name) else f"Type{name}"
        number = 1
        while (numbered := name if number == 1 else f"{name}{number}") in self.used:
            number += 1
        self.used.add(numbered)
        return numbered

    def named(self, name: str, body: Any) -> Iterator[str]:
        word, parts = part(body)
        if word == "struct":
            fields = {key: (self.type(told["type"]), "absent" in told) for key, told in parts.items()}
            yield from self.struct(self.names[name], f"The Rust side's struct ``{_plain(name)}``.", fields)
            return
        choices = [key for key, content in parts.items() if content == "null"]
        union = [f"Literal[{', '.join(map(repr, choices))}]"] if choices else []
        for key, content in parts.items():
            if content != "null":
                variant = self.new_name(f"{self.names[name]}{key}Variant")
                union.append(repr(variant))
                doc = f"The variant ``{_plain(key)}`` of the Rust side's enum ``{_plain(name)}``."
                yield from self.struct(variant, doc, {key: (self.type(content), False)})
        yield f"#: The Rust side's enum ``{_plain(name)}``.\n{self.names[name]} = {_union(union)}"

    def struct(self, name: str, doc: str, fields: Mapping[str, Tuple[str, bool]]) -> Iterator[str]:
        """A class, and one before it where some keys have to be there and others not."""
        required = {key: told for key, (told, absent) in fields.items() if not absent}
        optional = {key: told for key, (told, absent) in fields.items() if absent}
        if not all(map(self.can_be_written, fields)):
            parts = []
            for suffix, part_of, total in (("Required", required, True), ("Optional", optional, False)):
                if part_of:
                    base = self.new_name(f"_{name}{suffix}")
                    parts.append(base)
                    yield _functional(base, part_of, total)
            yield f'class {name}({", ".join(parts)}):\n    """{doc}"""'
        elif required and optional:
            base = self.new_name(f"_{name}Required")
            yield _class(base, "TypedDict", "What is always there.", required)
            yield _class(name, f"{base}, total=False", doc, optional)
        else:
            bases = "TypedDict, total=False" if optional else "TypedDict"
            yield _class(name, bases, doc, {**required, **optional})

    def can_be_written(self, key: str) -> bool:
        """A key that is a name, and hides no type from those below it."""
        is_name = key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__")
        return is_name and key not in self.used

    def state(self, name: str, doc: str, keys: Sequence[str]) -> Iterator[str]:
        """Nothing has to be in a session."""
        fields = {key: self.layout.fields[key] for key in keys}
        types = {key: self.type(told.type) for key, told in fields.items()}
        if all(map(self.can_be_written, keys)):
            comments = {key: _comment(told) for key, told in fields.items()}
            yield _class(name, "TypedDict, total=False", doc, types, comments)
        else:
            yield from self.struct(name, doc, {key: (told, True) for key, told in types.items()})

    def type(self, told: Any) -> str:
        if isinstance(told, str):
            return _PLAIN[told] if told in _PLAIN else _BY_FORMAT[told][self.format]
        word, parts = part(told)
        if word == "optional":
            return f"Optional[{self.type(parts)}]"
        if word == "list":
            return f"list[{self.type(parts)}]"
        if word == "map":
            key = "str" if FORMATS[self.format] == "json" else self.type(parts[0])
            return f"dict[{key}, {self.type(parts[1])}]"
        if word == "tuple":
            # Records hold lists, and Python writes either.
            items = list(dict.fromkeys(map(self.type, parts)))
            return f"Sequence[{_union(items)}]"
        if word == "type":
            return self.names[parts]
        return "str" if word == "parsed" else "Any"


def _union(types: Sequence[str]) -> str:
    if not types:
        return "Any"
    return types[0] if len(types) == 1 else f"Union[{', '.join(types)}]"


def _class(
    name: str, bases: str, doc: str, fields: Mapping[str, str], comments: Mapping[str, str] = {}
) -> str:
    lines = [f"class {name}({bases}):", f'    """{doc}"""', ""]
    for key, told in fields.items():
        lines += [f"    #: {comments[key]}"] if comments.get(key) else []
        lines.append(f"    {key}: {told}")
    return "\n".join(lines).rstrip()


def _functional(name: str, fields: Mapping[str, str], total: bool) -> str:
    lines = [f"{name} = TypedDict(", f"    {name!r},", "    {"]
    lines += [f"        {key!r}: {told!r}," for key, told in fields.items()]
    return "\n".join([*lines, "    },", *([] if total else ["    total=False,"]), ")"])


def _plain(name: str) -> str:
    """Returns a name as it can stand in a docstring or a comment."""
    return re.sub(r"[^\w .:<>,+-]", "", name)


def _comment(told: Field) -> str:
    said: List[str] = []
    if told.login:
        said.append("Whoever has it is logged in.")
    if told.merge == CUSTOM:
        said.append("Merged by a function.")
    elif told.merge != "last":
        said.append(f"Merged by ``{told.merge}``.")
    return " ".join(said)


def _imports(body: str) -> str:
    def is_used(name: str) -> bool:
        return re.search(rf"\b{name}\b", body) is not None

    lines = ["from datetime import datetime"] if is_used("datetime") else []
    lines.append(f"from typing import {', '.join(filter(is_used, _TYPING))}")
    lines += ["from uuid import UUID"] if is_used("UUID") else []
    return "\n".join(lines)
