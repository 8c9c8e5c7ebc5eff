"""The changes of a request, key by key, and how they go together with what others have written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, FrozenSet, Mapping

from . import merge
from .errors import ChangeRefused
from .records import Format

FLASHES = "_flashes"

#: Flask's key for "the cookie outlives the browser".
PERMANENT = "_permanent"


@dataclass(frozen=True)
class Changes:
    """The changes of one request, made to what it has loaded."""

    values: Mapping[str, Any] = field(default_factory=dict)
    removed: FrozenSet[str] = frozenset()
    #: What is stored without being a change. What others have stored there meanwhile stays.
    seals: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def between(cls, base: Mapping[str, Any], now: Mapping[str, Any], records: Format) -> Changes:
        """Finds out what makes one session of the other, also deep within a value.

        Raises what the format raises for a value that it can't hold.
        """
        values = {
            key: value for key, value in now.items() if key not in base or not records.same(base[key], value)
        }
        return cls(values, frozenset(key for key in base if key not in now))

    def __bool__(self) -> bool:
        return bool(self.values or self.removed)

    def sealing(self, seals: Mapping[str, Any]) -> Changes:
        """Returns the same changes with something that is only sealed."""
        return replace(self, seals={**self.seals, **seals})

    def without_removals(self) -> Changes:
        """Returns what was set, for a session that has nothing in common with the one before."""
        return replace(self, removed=frozenset())

    def made_to(self, data: Mapping[str, Any]) -> Dict[str, Any]:
        """Returns a session with these changes. Keys keep their order, and new ones come last."""
        changed = {key: self.values.get(key, value) for key, value in data.items() if key not in self.removed}
        changed.update(self.values)
        changed.update(self.seals)
        return changed

    def rebased(
        self,
        base: Mapping[str, Any],
        theirs: Mapping[str, Any],
        policies: Mapping[str, merge.Policy],
        records: Format,
    ) -> Changes:
        """Returns the changes for a session that has taken the place of the one that was loaded: a key that others have
        changed, too, follows its policy.

        :raises ChangeRefused: a policy refuses.
        """
        values, removed = dict(self.values), set(self.removed)
        for key in (*self.values, *self.removed):
            policy = merge.flashes if key == FLASHES else policies.get(key)
            if policy is None or _same(base, theirs, key, records):
                continue
            try:
                merged = policy(base.get(key), self.values.get(key), theirs.get(key))
            except merge.Refused as refused:
                raise ChangeRefused(key) from refused
            if merged is None:
                values.pop(key, None)
                removed.add(key)
            else:
                values[key] = merged
                removed.discard(key)
        # What others have sealed meanwhile stays.
        seals = {
            key: theirs.get(key, value) if not _same(base, theirs, key, records) else value
            for key, value in self.seals.items()
        }
        return Changes(values, frozenset(removed), seals)


def added_flashes(base: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    """Returns the messages that a request has queued and not only found; ``None`` if there are none."""
    found = (base.get(FLASHES), now.get(FLASHES))
    # What another program has stored there may be anything, and keeps nobody from logging out.
    before, queue = (messages if isinstance(messages, (list, tuple)) else [] for messages in found)
    return merge.without(queue, before) or None


def _same(base: Mapping[str, Any], theirs: Mapping[str, Any], key: str, records: Format) -> bool:
    if (key in base) != (key in theirs):
        return False
    return key not in base or records.same(base[key], theirs[key])
