"""Policies: the rules for a key that two requests have changed at once.

A policy is asked only if the key was changed in the store after the request had loaded it. It has three arguments: the value
that the request has loaded, the one that it wants to store, and the one that the store holds now. ``None`` is an absent key.
It returns the value to store, or raises ``Refused``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Callable, Dict, List, Mapping, Sequence
from uuid import UUID

Policy = Callable[[Any, Any, Any], Any]


class Refused(Exception):
    """A policy stores neither of two changes."""


def last(base: Any, mine: Any, theirs: Any) -> Any:
    """The last change stays."""
    return mine


def refuse(base: Any, mine: Any, theirs: Any) -> Any:
    """Neither is overwritten: the request is answered with 409."""
    raise Refused


def add(base: Any, mine: Any, theirs: Any) -> Any:
    """Numbers: both increments count."""
    return _both(base, mine, theirs, _is_number, lambda: theirs + (mine - (base or 0)))


def greatest(base: Any, mine: Any, theirs: Any) -> Any:
    """The greater one stays."""
    return _both(base, mine, theirs, _is_comparable_to(mine), lambda: mine if mine > theirs else theirs)


def least(base: Any, mine: Any, theirs: Any) -> Any:
    """The smaller one stays."""
    return _both(base, mine, theirs, _is_comparable_to(mine), lambda: theirs if mine > theirs else mine)


def union(base: Any, mine: Any, theirs: Any) -> Any:
    """Lists and sets: what each has added and removed counts. Equal items of a list count as often as they occur."""
    return _both(base, mine, theirs, _is_collection, lambda: _united(base, mine, theirs))


def flashes(base: Any, mine: Any, theirs: Any) -> Any:
    """Flask's queue of messages: what each has added stays, and what one has taken goes."""
    base, mine, theirs = (list(queue) if _is_collection(queue) else [] for queue in (base, mine, theirs))
    merged = without(theirs, without(base, mine)) + without(mine, base)
    return merged[-LONGEST_QUEUE:] or None


#: As many messages wait in one session: more than any page shows.
LONGEST_QUEUE = 100

_BY_NAME: Mapping[str, Policy] = {
    "last": last,
    "refuse": refuse,
    "add": add,
    "max": greatest,
    "min": least,
    "union": union,
}


def policy(key: str, named: Any) -> Policy:
    """Returns the policy that a setting names: one of the words, or a function of the application's own."""
    if callable(named):
        own: Policy = named
        return own
    known = _BY_NAME.get(named) if isinstance(named, str) else None
    if known is None:
        words = ", ".join(f'"{word}"' for word in _BY_NAME)
        raise ValueError(f"the policy of {key!r} in SESSION_MERGE is {named!r}: there are {words}, and functions")
    return known


def without(items: Sequence[Any], others: Sequence[Any]) -> List[Any]:
    """Returns the items that remain when each of the others cancels an equal one."""
    left: Dict[Any, int] = {}
    for other in others:
        other = _hashable(other)
        left[other] = left.get(other, 0) + 1
    rest = []
    for item in items:
        key = _hashable(item)
        if left.get(key):
            left[key] -= 1
        else:
            rest.append(item)
    return rest


def _both(base: Any, mine: Any, theirs: Any, fits: Callable[[Any], bool], merged: Callable[[], Any]) -> Any:
    if not all(value is None or fits(value) for value in (base, mine, theirs)):
        # What is stored is not of the kind that the policy is for.
        return mine
    if mine is not None and theirs is not None:
        return merged()
    # A key that one of the two has taken stays taken.
    return mine if theirs is None and base is None else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_comparable_to(mine: Any) -> Callable[[Any], bool]:
    def is_comparable(theirs: Any) -> bool:
        try:
            return mine is None or isinstance(mine > theirs, bool)
        except TypeError:
            return False

    return is_comparable


def _is_collection(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _united(base: Any, mine: Any, theirs: Any) -> Any:
    base = () if base is None else base
    base, mine_items, their_items = list(base), list(mine), list(theirs)
    kept = without(their_items, without(base, mine_items))
    added = without(without(mine_items, base), without(their_items, base))
    united = kept + added
    try:
        return type(mine)(united)
    except TypeError:
        # A set of pairs comes back as a list of lists, and a pair has no room for three.
        return united


def _hashable(value: Any) -> Any:
    """Returns something that is equal for equal values and has a hash.

    Hashes differ from process to process, so that no visitor can make items that meet. Those of numbers don't, but those
    of their texts."""
    if isinstance(value, dict):
        return ("map", frozenset((_hashable(key), _hashable(item)) for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(map(_hashable, value)))
    if isinstance(value, (set, frozenset)):
        return ("set", frozenset(map(_hashable, value)))
    # As they are stored, 1, 1.0 and True are three things.
    kind = type(value).__name__
    if isinstance(value, int):
        return (kind, f"{int(value):x}")
    if isinstance(value, float):
        # Without the sign of zero.
        return (kind, (value + 0.0).hex())
    if isinstance(value, (UUID, Decimal, complex)):
        return (kind, repr(value))
    try:
        hash(value)
    except TypeError:
        return ("other", repr(value))
    return (kind, value)
