"""What the policies make of values that few applications, or visitors with bad intent, store."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any, Callable, Sequence
from uuid import UUID

import pytest

from flask_session_swap import merge

#: Python's hash of a number is the number, up to this one, which is 0 again. That of -1 is that of -2.
MODULUS = 2**61 - 1


@pytest.mark.parametrize(
    "items",
    [
        [list(numbers) for numbers in product((-1, -2), repeat=10)],
        [{"at": list(numbers)} for numbers in product((-1.0, -2.0), repeat=10)],
        [{number: None} for number in product((-1, -2), repeat=10)],
        [UUID(int=MODULUS * times) for times in range(1000)],
        [Decimal(MODULUS * times) for times in range(1000)],
    ],
    ids=["lists", "maps", "keys", "uuids", "decimals"],
)
def test_a_visitor_cannot_make_items_whose_hashes_are_one(items: Sequence[Any]) -> None:
    assert len({hash(merge._hashable(item)) for item in items}) == len(items)


@pytest.mark.parametrize("pairs", [list, set], ids=["as another format reads them", "as pickles hold them"])
def test_a_set_of_pairs_is_united_with_what_has_become_of_another_one(pairs: Callable[[Any], Any]) -> None:
    theirs = pairs([("d", 1)]) if pairs is set else [["d", 1]]
    united = merge.union([["c", 1]], {("b", 2)}, theirs)
    assert sorted(map(list, united)) == [["b", 2], ["d", 1]]


def test_sets_are_united_as_sets() -> None:
    assert merge.union({1, 2}, {2, 3}, {1, 2, 4}) == {2, 3, 4}
    assert merge.union(None, frozenset("a"), frozenset("b")) == frozenset("ab")


def test_items_are_equal_if_the_same_is_stored() -> None:
    assert merge.without([1, 1.0, True, "1"], [1]) == [1.0, True, "1"]
    assert merge.without([0.0, float("nan")], [-0.0, float("nan")]) == []
    assert merge.without([{"a": 1, "b": (2,)}], [{"b": [2], "a": 1}]) == []
