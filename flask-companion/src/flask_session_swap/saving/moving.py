"""Storing a session under another id: moving there, and leaving a note."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from ..errors import SessionEnded, SessionRenewed
from ..login import Rotation
from ..retry import contended, pause
from ..stores.store import Done, Loaded, StoreError
from . import following
from .plan import Draft, Life, Plan, Saved, Stored
from .successor import OTHER_USER, Successor

if TYPE_CHECKING:
    from .writer import Writer

#: How often a request looks whether another one, which has left its note, has deleted the old record. With the pauses that
#: takes about a second. A process that takes longer has ended.
_LOOKS = 20
_LONGEST_PAUSE = 0.1


@dataclass
class Move:
    """A session whose new record exists beside the old one."""

    saved: Saved
    #: The note as it is stored; ``None`` if there is none of ours.
    note: Optional[Loaded] = None
    #: The note of a request that was taken for dead, which ours has replaced.
    replaced: Optional[Loaded] = None

    @property
    def stored(self) -> Stored:
        assert self.saved.stored is not None, "what was created is stored"
        return self.saved.stored


def move_to_new_id(writer: Writer, old: Stored, draft: Draft, plan: Plan, reason: Rotation) -> Saved:
    """Moves a session to a new id. The new record exists before the old one is deleted, and so does the note; changes that
    others make to the old one until then are merged into the new one. If that fails, both are taken back."""
    move = Move(writer.create(draft, renews=old.sid))
    try:
        elsewhere = _finish(writer, old, move, plan, reason)
    except StoreError as error:
        if not error.is_open:
            _take_back(writer, move, old.sid)
        raise
    except Exception:
        _take_back(writer, move, old.sid)
        raise
    return elsewhere or move.saved


def _finish(writer: Writer, old: Stored, move: Move, plan: Plan, reason: Rotation) -> Optional[Saved]:
    """Leaves the note and ends the old record. Returns where the session is instead, if it is not where it has moved."""
    if not _leave_note(writer, old.sid, move, reason):
        return following.after_another(writer, old, move, plan, reason)
    if reason == Rotation.OTHER_USER:
        # Nothing of the other user is merged, so nothing has to be compared either.
        if not writer.delete(old.sid):
            _end_what_another_moved(writer, old.sid, move)
        writer.leave(old.loaded, [old.sid])
        return None
    expected = old.loaded
    for attempt in range(writer.home.settings.swap_attempts):
        swapped = writer.swap(writer.home.key(old.sid), expected, None, Life.of(expected))
        if isinstance(swapped, Done):
            return None
        if swapped.current is None:
            if _was_moved_by_another(writer, old.sid, move):
                return following.after_another(writer, old, move, plan, reason)
            if reason == Rotation.LOG_IN:
                # The visitor's old session has ended: the user starts without its data.
                _start_without_data(writer, move, old.sid, plan)
                return None
            raise SessionRenewed if reason == Rotation.RECALL else SessionEnded
        expected = swapped.current
        merged = plan.merged_into(expected)
        if merged is None:
            if reason == Rotation.RENEWAL:
                raise SessionEnded
            if reason == Rotation.RECALL:
                raise SessionRenewed
            _start_without_data(writer, move, old.sid, plan)
            writer.delete(old.sid)
            writer.leave(old.loaded, [old.sid])
            return None
        rewrite(writer, move, merged)
        pause(attempt)
    raise contended()


def _leave_note(writer: Writer, old: str, move: Move, reason: Rotation) -> bool:
    """Leaves a note of the successor; ``False`` if another request was faster. A note beside a living record is that of a
    request that is about to delete it, or of one that has never come to that."""
    if writer.home.settings.successor_seconds == 0:
        return True
    note = Successor.of(move.stored.sid, reason).encoded()
    looks = 0
    while True:
        swapped = writer.swap_note(old, move.replaced, note)
        if isinstance(swapped, Done):
            move.note = Loaded(note, None, swapped.version)
            return True
        move.replaced = None
        if swapped.current is None:
            continue
        if writer.load(old) is None:
            return False
        looks += 1
        if looks > _LOOKS:
            move.replaced = swapped.current
        time.sleep(random.uniform(0, min(2 ** min(looks, 8) / 1000, _LONGEST_PAUSE)))


def _was_moved_by_another(writer: Writer, old: str, move: Move) -> bool:
    """Tells whether the old record is gone because another request has moved it, which had been taken for dead, or has taken
    this one for dead. Then its note is the one that counts."""
    theirs, ours = move.replaced, move.note
    move.replaced = None
    if theirs is not None and ours is not None:
        writer.swap_note(old, ours, theirs.record)
        move.note = None
        return True
    there = writer.successor_of(old)
    is_theirs = there is not None and there.sid != move.stored.sid
    if is_theirs:
        move.note = None
    return is_theirs


def _end_what_another_moved(writer: Writer, old: str, move: Move) -> None:
    """Ends the session that another request has given an id beside a change of user."""
    replaced = None if move.replaced is None else Successor.read(move.replaced.record)
    for other in (writer.successor_of(old), replaced):
        if other is not None and other.sid != move.stored.sid:
            writer.end(other.sid, None)


def _start_without_data(writer: Writer, move: Move, old: str, plan: Plan) -> None:
    """Lets a user start without the data of the old session, and whoever still has its id find that nothing was handed
    over."""
    draft = plan.without_data()
    if writer.user_of(draft.data) is not None:
        # Nothing is left of the session before, whose entry in the list may be that of another log-in by now.
        discard(writer, move)
        move.saved = writer.create(draft)
    else:
        rewrite(writer, move, draft)
    if move.note is not None:
        other = Successor(move.stored.sid, OTHER_USER).encoded()
        swapped = writer.swap_note(old, move.note, other)
        if isinstance(swapped, Done):
            move.note = Loaded(other, None, swapped.version)


def rewrite(writer: Writer, move: Move, draft: Draft) -> None:
    """Replaces the record that this request has just created."""
    stored = move.stored
    draft = writer.sealed(draft, stored.sid)
    life = writer.full_life(draft)
    swapped = writer.swap(writer.home.key(stored.sid), stored.loaded, draft, life)
    if isinstance(swapped, Done):
        move.saved = Saved.as_written(stored.sid, draft, swapped, life)
    else:
        # Another log-in of this user has joined it: it is theirs.
        move.saved = writer.create(draft)


def discard(writer: Writer, move: Move) -> None:
    """Deletes the record that this request has just created."""
    writer.delete(move.stored.sid)
    writer.leave_again(move.stored.loaded, move.stored.sid)


def _take_back(writer: Writer, move: Move, old: str) -> None:
    """Deletes the record that this request has just created, and its note."""
    discard(writer, move)
    if move.note is not None:
        writer.swap_note(old, move.note, None)
