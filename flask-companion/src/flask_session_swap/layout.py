"""The layout file that ``cargo test`` writes of the Rust side's state: its keys, with types and policies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union, cast

#: The version of layout files that is understood here.
VERSION = 1

#: The word for a policy that is a function of the Rust side: what it does can't be known here.
CUSTOM = "custom"

POLICIES = ("last", "add", "max", "min", "union", "refuse", CUSTOM)

#: Types without parts, by their names in the file.
INTEGERS = ("i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128")
PLAIN = ("any", "boolean", "bytes", "character", "datetime", "null", "number", "text", "uuid", *INTEGERS)


class LayoutError(ValueError):
    """A layout file can't be read, or something else is said beside it."""


@dataclass(frozen=True)
class Field:
    """One key of the sessions."""

    #: What a record holds under the key, as it stands in the file.
    type: Any
    #: The policy: one of ``POLICIES``.
    merge: str
    #: Whether the visitor is logged in while the key is present.
    login: bool = False
    #: Whether the sessions of each user are listed.
    listed: bool = False
    #: What the Rust side reads where the key is absent; ``None`` if that is nothing, or not known.
    default: Any = None


@dataclass(frozen=True)
class Layout:
    """The content of a layout file."""

    #: The policies by key, without those that keep the last change.
    merge: Mapping[str, str] = field(default_factory=dict)
    #: The key of the login field.
    login_key: Optional[str] = None
    #: The sessions of each user are listed.
    listed: bool = False
    #: All keys.
    fields: Mapping[str, Field] = field(default_factory=dict)
    #: The structs and enums that fields hold, by name, as they stand in the file.
    types: Mapping[str, Any] = field(default_factory=dict)
    #: The keys of each Rust struct, by its name.
    states: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def policies(self, own: Mapping[str, Any]) -> Dict[str, Any]:
        """Returns the policy of each key, given those that the application's ``SESSION_MERGE`` names.

        :raises LayoutError: the two contradict each other, or a Rust function has no counterpart.
        """
        for key, policy in self.merge.items():
            if policy == CUSTOM and own.get(key, CUSTOM) == CUSTOM:
                raise LayoutError(
                    f"{key!r} is merged by a Rust function, which can't be called here: name one that does the "
                    f"same, SESSION_MERGE = {{{key!r}: function}}, of base, mine and theirs; or a policy"
                )
        for key, policy in own.items():
            told = self.fields[key].merge if key in self.fields else CUSTOM
            if told != CUSTOM and policy != told:
                raise LayoutError(
                    f"the policy of {key!r} is {policy!r} in SESSION_MERGE and {told!r} in SESSION_LAYOUT: "
                    "leave it out of SESSION_MERGE"
                )
            if key in self.fields and isinstance(policy, str) and not _fits(policy, self.fields[key].type):
                raise LayoutError(
                    f"{key!r} can't be merged by {policy!r}, since it is {json.dumps(self.fields[key].type)} in "
                    "SESSION_LAYOUT: name another policy in SESSION_MERGE, or a function"
                )
        return {**self.merge, **own}


def read(path: Union[str, PathLike[str]]) -> Layout:
    """Reads a layout file.

    :raises LayoutError: there is none, or it is not one.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise LayoutError(f"the layout file {str(path)!r} can't be read: {error}") from error
    try:
        return _layout(content)
    except LayoutError as error:
        raise LayoutError(f"{str(path)!r} is not a layout file: {error}") from error


def _layout(content: Any) -> Layout:
    version = _mapping(content, "the file").get("version")
    if version != VERSION:
        raise LayoutError(f"its version is {version!r}, and {VERSION} is what this release understands")
    types = _mapping(content.get("types", {}), "types")
    for name, body in types.items():
        _check_named(body, f"the type {name}", types)
    told = _mapping(content.get("fields"), "fields")
    fields = {key: _field(value, f"the field {key}", types) for key, value in told.items()}
    logins = [key for key, field in fields.items() if field.login]
    if len(logins) > 1:
        raise LayoutError(f"{logins[0]!r} and {logins[1]!r} both are the login field")
    states = _mapping(content.get("states", {}), "states")
    for name, keys in states.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) and key in fields for key in keys):
            raise LayoutError(f"the state {name} names what is not a field")
    return Layout(
        merge={key: field.merge for key, field in fields.items() if field.merge != "last"},
        login_key=logins[0] if logins else None,
        listed=any(field.listed for field in fields.values()),
        fields=fields,
        types=types,
        states={name: tuple(cast(List[str], keys)) for name, keys in states.items()},
    )


def _fits(policy: str, told: Any) -> bool:
    """Tells whether a policy has something to do with values of a type. What is not known is not refused."""
    word = told if isinstance(told, str) else next(iter(told))
    if word == "optional":
        return _fits(policy, told[word])
    if word in ("any", "parsed", "rust", "type"):
        return True
    numbers = (*INTEGERS, "number")
    fitting = {"add": numbers, "union": ("list",), "max": (*numbers, "text"), "min": (*numbers, "text")}
    return policy not in fitting or word in fitting[policy]


def _field(value: Any, place: str, types: Mapping[str, Any]) -> Field:
    told = _mapping(value, place)
    check_type(told.get("type"), place, types)
    merge = told.get("merge", "last")
    if merge not in POLICIES:
        raise LayoutError(f"{place} has the unknown policy {merge!r}")
    return Field(
        type=told["type"],
        merge=merge,
        login=told.get("login") is True,
        listed=told.get("listed") is True,
        default=told.get("default"),
    )


def part(told: Any) -> Tuple[str, Any]:
    """Returns the word of a type with parts, and the parts.

    :raises LayoutError: it is not one.
    """
    if not isinstance(told, dict) or len(told) != 1:
        raise LayoutError(f"{json.dumps(told)} is not a type")
    ((word, parts),) = told.items()
    return word, parts


def check_type(told: Any, place: str, types: Mapping[str, Any]) -> None:
    """Checks a type and what is in it.

    :raises LayoutError: it is not one.
    """
    if isinstance(told, str) and told in PLAIN:
        return
    word, parts = part(told)
    if word in ("optional", "list"):
        check_type(parts, place, types)
    elif isinstance(parts, list) and (word == "tuple" or word == "map" and len(parts) == 2):
        for item in parts:
            check_type(item, place, types)
    elif word == "type":
        if not isinstance(parts, str) or parts not in types:
            raise LayoutError(f"{place} holds the type {parts!r}, which is not described")
    elif word not in ("parsed", "rust") or not isinstance(parts, str):
        raise LayoutError(f"{place} holds {json.dumps(told)}, which is not a type")


def _check_named(body: Any, place: str, types: Mapping[str, Any]) -> None:
    word, parts = part(body)
    if word == "struct":
        for name, field in _mapping(parts, place).items():
            check_type(_mapping(field, f"{place}, {name}").get("type"), f"{place}, {name}", types)
    elif word == "enum":
        for name, content in _mapping(parts, place).items():
            check_type(content, f"{place}, variant {name}", types)
    else:
        raise LayoutError(f"{place} is neither a struct nor an enum")


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise LayoutError(f"{place} is not an object")
    return value
