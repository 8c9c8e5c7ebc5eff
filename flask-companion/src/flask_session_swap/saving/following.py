"""Saving where another request has given the session a new id first: going on from there, joining, merging."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Optional

from ..errors import SessionEnded, SessionRenewed
from ..login import Rotation
from ..retry import contended, pause
from ..stores.store import Conflict, Done
from . import moving
from .plan import Draft, Life, Plan, Saved, Stored
from .successor import Living

if TYPE_CHECKING:
    from .moving import Move
    from .writer import Writer


def after_another(writer: Writer, old: Stored, move: Move, plan: Plan, reason: Rotation) -> Optional[Saved]:
    """Goes on where another request has moved the session. Whoever logs in goes on from there; other changes are merged
    there; and another user has the new session alone."""
    if reason <= Rotation.RECALL:
        moving.discard(writer, move)
        if reason == Rotation.RECALL:
            return _return_after_another(writer, old, plan)
        return merge_into_successor(writer, old, plan)
    living = writer.living(old.sid)
    if living is not None and _may_go_on_from(living, plan, reason):
        moving.discard(writer, move)
        joined = _go_on_from(writer, living, plan)
        if joined is not None:
            return joined
        # It has ended between the two looks.
        if reason == Rotation.LOG_IN_AGAIN:
            raise SessionEnded
        return writer.create(plan.without_data())
    if reason == Rotation.LOG_IN_AGAIN and (living is None or plan.is_visitors(plan.read(living.loaded))):
        raise SessionEnded
    if reason == Rotation.OTHER_USER:
        # The session belongs to the user who is left, whatever its id is by now.
        writer.end(old.sid, old.loaded)
        return None
    moving.rewrite(writer, move, plan.without_data())
    return None


def create_beside_successor(writer: Writer, old: str, draft: Draft, plan: Plan) -> Saved:
    """Saves a session that came with an id that another request has renewed, and reads as new. A log-in is a session of its
    own, or joins the one of the same user. Anything else is not kept."""
    # Without a login key `regenerate` is how the application logs in.
    logs_in = plan.rotation is not None and (plan.login_key is None or plan.rotation > Rotation.RENEWAL)
    if not logs_in:
        raise SessionRenewed
    # Of a visitor's session nothing is handed over: whoever has the old id may have planted it.
    living = writer.living(old)
    if living is not None and _may_go_on_from(living, plan, Rotation.LOG_IN_AGAIN):
        joined = _go_on_from(writer, living, plan)
        if joined is not None:
            return joined
    if plan.is_recall:
        raise SessionRenewed
    return writer.create(draft)


def merge_into_successor(writer: Writer, old: Stored, plan: Plan) -> Saved:
    """Merges the changes into the session that lives under another id by now. The answer is what the request has read: who
    holds the old id only is told nothing of the new session."""
    own = plan.draft()
    living = writer.living(old.sid)
    for attempt in range(writer.home.settings.swap_attempts):
        if living is None or not living.is_same_session:
            if own.is_empty:
                # It has ended, which is all that an emptied session wanted.
                return Saved()
            raise SessionEnded
        merged = plan.merged_into_successor(living.loaded)
        if merged is None:
            raise SessionEnded
        # Not longer for it: only who has the new id uses that session. But a life of its own counts at once.
        life = writer.full_life(merged) if plan.changes_life else Life.of(living.loaded)
        written = None if merged.is_empty else merged
        swapped = writer.swap(writer.home.key(living.sid), living.loaded, written, life)
        if isinstance(swapped, Done):
            if merged.is_empty:
                writer.leave(living.loaded, [living.sid])
            return Saved(old, renewed=old.sid)
        living = _where_it_is(writer, living, swapped)
        pause(attempt)
    raise contended()


def _return_after_another(writer: Writer, old: Stored, plan: Plan) -> Saved:
    """Goes on with a login by the remember-me cookie where another request has given the session a new id: joins it if that was
    one by the cookie, too. A log-in by a password gets what else the request has changed, and its cookie stays."""
    living = writer.living(old.sid)
    if living is not None and living.is_same_session:
        theirs = plan.read(living.loaded)
        if plan.may_join(theirs, is_by_log_in=living.is_by_log_in):
            joined = _join(writer, living, plan)
            if joined is not None:
                return joined
        elif plan.is_of_same_user(theirs):
            try:
                return merge_into_successor(writer, old, plan)
            except SessionEnded as ended:
                # It refuses nobody a page.
                raise SessionRenewed from ended
    raise SessionRenewed


def _may_go_on_from(living: Living, plan: Plan, reason: Rotation) -> bool:
    """Tells whether a log-in goes on with what a session holds: the same user's, or, unless another user was there on the
    way, that of the visitor whose session the request has loaded under the old id."""
    theirs = plan.read(living.loaded)
    may_join = plan.may_join(theirs, is_by_log_in=living.is_by_log_in)
    if may_join or plan.is_recall:
        return may_join
    is_same_user = plan.is_of_same_user(theirs)
    is_visitors = reason == Rotation.LOG_IN and plan.is_visitors(theirs)
    return reason != Rotation.OTHER_USER and living.is_same_session and (is_same_user or is_visitors)


def _go_on_from(writer: Writer, living: Living, plan: Plan) -> Optional[Saved]:
    """Joins the session if it was begun by a log-in of this user. One that was renewed otherwise moves on to an id that only
    this answer carries: whoever had its old id may have renewed it. ``None`` if it has ended."""
    theirs = plan.read(living.loaded)
    if plan.may_join(theirs, is_by_log_in=living.is_by_log_in):
        return _join(writer, living, plan.to_join())
    is_same_user = plan.is_of_same_user(theirs)
    reason = Rotation.LOG_IN_AGAIN if is_same_user else Rotation.LOG_IN
    try:
        return moving.move_to_new_id(
            writer, Stored(living.sid, living.loaded), plan.merged(theirs), plan, reason
        )
    except SessionEnded:
        return None


def _join(writer: Writer, first: Living, plan: Plan) -> Optional[Saved]:
    """Joins the session that the same user has begun by logging in: the changes are merged there. ``None`` if it is another
    user's, or has ended."""
    living: Optional[Living] = first
    for attempt in range(writer.home.settings.swap_attempts):
        if living is None:
            return None
        theirs = plan.read(living.loaded)
        if not plan.may_join(theirs, is_by_log_in=living.is_by_log_in):
            return None
        merged = plan.merged(theirs)
        life = writer.full_life(merged)
        swapped = writer.swap(writer.home.key(living.sid), living.loaded, merged, life)
        if isinstance(swapped, Done):
            return Saved.as_written(living.sid, merged, swapped, life)
        living = _where_it_is(writer, living, swapped)
        pause(attempt)
    raise contended()


def _where_it_is(writer: Writer, living: Living, met: Conflict) -> Optional[Living]:
    """Returns the session as it is by now, where another request was faster: changed, or under a new id."""
    return writer.living(living.sid) if met.current is None else replace(living, loaded=met.current)
