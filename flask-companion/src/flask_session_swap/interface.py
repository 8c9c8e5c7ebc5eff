"""The session interface: from a cookie to a session, and from a session to the answer's cookie."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import Any, Optional

from flask import Flask
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response
from flask_session.defaults import Defaults
from werkzeug.exceptions import HTTPException

from . import answers, clock, login
from .changes import PERMANENT
from .cookie import Named, SessionCookie
from .errors import RecordTooLarge, SessionRenewed, SessionUnavailable
from .listed import HidingMarks, Lists
from .planning import Planned, planned
from .records import Format, Msgspec, Pickle
from .saving import Home, Saved, Stored, Writer, is_empty
from .saving.successor import SID
from .session import Opened, SwapSession
from .settings import LONGEST_LIFE, ConfigurationError, Settings
from .stores.store import Store, StoreError
from .term import Refresh

log = logging.getLogger("flask_session_swap")


class SwapSessionInterface(SessionInterface):
    """Sessions in a store that compares and swaps.

    It takes the place of Flask-Session's interfaces, and has the same cookies and records.
    """

    def __init__(self, app: Flask, store: Store, settings: Settings) -> None:
        def setting(name: str) -> Any:
            return app.config.get(name, getattr(Defaults, name))

        records: Format = (
            Pickle() if getattr(store, "pickles", False) else Msgspec(setting("SESSION_SERIALIZATION_FORMAT"))
        )
        self.key_prefix: str = setting("SESSION_KEY_PREFIX")
        self.permanent: bool = setting("SESSION_PERMANENT")
        self.sid_length: int = setting("SESSION_ID_LENGTH") or Defaults.SESSION_ID_LENGTH
        if SID.fullmatch(self._new_sid()) is None:
            raise ConfigurationError("SESSION_ID_LENGTH is at most 150: longer ids are not taken from cookies")
        self.cookie = SessionCookie(self, is_signed=setting("SESSION_USE_SIGNER"))
        lists = None
        if settings.listed:
            lists = Lists(
                store,
                records,
                settings,
                key_prefix=self.key_prefix,
                login_key=lambda: self.login_key(app),
                refresh=lambda: self.refresh(app),
            )
        self.home = Home(HidingMarks(store, records), records, settings, lists, self.key_prefix)

    def regenerate(self, session: SessionMixin) -> None:
        """Gives a session a new id when it is saved. An empty one has none to lose."""
        if isinstance(session, SwapSession) and session:
            session.wants_new_id = session.modified = True

    def open_session(self, app: Flask, request: Request) -> SwapSession:
        """Makes the session of a request. It is loaded when it is first used."""
        named = self.cookie.read(app, request)
        return SwapSession(
            lambda: self._open(app, named),
            self._new_sid,
            login_key=self.login_key(app),
            only_reads=request.method in ("GET", "HEAD"),
            label=request.headers.get("User-Agent", ""),
        )

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Saves the session of a request and sends its cookie. What can't be saved makes the answer a 409 or a 503."""
        assert isinstance(session, SwapSession), "it is the one that was opened here"
        try:
            self._close(app, session, response)
        finally:
            # Also on the error page for a value that the format of records can't hold.
            if session.accessed:
                response.vary.add("Cookie")

    def _close(self, app: Flask, session: SwapSession, response: Response) -> None:
        if session.failure is not None:
            if response.status_code != SessionUnavailable.code:
                answers.replace(app, response, SessionUnavailable())
        elif session.opened is not None:
            try:
                self._save(app, session, session.opened, response)
            except SessionRenewed as error:
                if session.only_reads:
                    # The page was made for a new visitor, and is right as it is.
                    log.warning("what a request has changed under a renewed id was not kept")
                else:
                    answers.replace(app, response, error)
            except RecordTooLarge as error:
                log.error("a session was not saved: %s", error.details)
                answers.replace(app, response, error)
            except HTTPException as error:
                log.warning("a session was not saved: %s", error.description)
                answers.replace(app, response, error)
            except StoreError as error:
                log.error("a session could not be saved: %s", error, exc_info=error)
                answers.replace(app, response, SessionUnavailable())

    def login_key(self, app: Flask) -> Optional[str]:
        """Returns the key that says who is logged in: the configured one, or Flask-Login's where that is in use."""
        if self.home.settings.login_key is not None:
            return self.home.settings.login_key
        return login.FLASK_LOGIN if hasattr(app, "login_manager") else None

    def refresh(self, app: Flask) -> Refresh:
        """Returns the rule by which lives are extended. As in Flask, two of the settings may change at run time."""
        settings, lifetime = self.home.settings, app.permanent_session_lifetime.total_seconds()
        lifetime = min(max(lifetime, 1), LONGEST_LIFE)
        return Refresh(
            lifetime=lifetime,
            longest=settings.longest_life(lifetime),
            absolute=settings.absolute_lifetime,
            each_use=bool(app.config["SESSION_REFRESH_EACH_REQUEST"]),
            after=settings.refresh_after,
        )

    def _open(self, app: Flask, named: Optional[Named]) -> Opened:
        """Loads the session that a cookie names.

        :raises StoreError: the store can't be used.
        """
        if named is None:
            return self.new_session()
        now = clock.now()
        refresh, login_key = self.refresh(app), self.login_key(app)
        writer = Writer(self.home, refresh, login_key, self._new_sid, "", now)
        loaded = writer.load(named.sid)
        if loaded is None:
            return self.new_session(renewed=named.sid if writer.successor_of(named.sid) is not None else None)
        try:
            data = self.home.records.decode(loaded.record)
        except ValueError as error:
            log.error("a session's record can't be read, so its visitor gets a new session: %s", error)
            return self.new_session()
        if data is None:
            return self.new_session()
        stored = Stored(named.sid, loaded)
        if refresh.term_of(data, login_key, now).is_over(now):
            return self.new_session(over=stored)
        is_outdated = named.is_outdated and not refresh.is_flasks
        return Opened(data, stored, is_outdated=is_outdated, refresh=refresh)

    def new_session(self, *, renewed: Optional[str] = None, over: Optional[Stored] = None) -> Opened:
        """Makes a session that is stored nowhere."""
        return Opened({PERMANENT: True} if self.permanent else {}, renewed=renewed, over=over)

    def _new_sid(self) -> str:
        return self._generate_sid(self.sid_length)

    def _generate_sid(self, session_id_length: int) -> str:
        """Makes a random id of so many bytes, as Flask-Session does by the method of this name."""
        return secrets.token_urlsafe(session_id_length)

    def _save(self, app: Flask, session: SwapSession, opened: Opened, response: Response) -> None:
        now, login_key, refresh = clock.now(), self.login_key(app), opened.refresh or self.refresh(app)
        writer = Writer(self.home, refresh, login_key, session.next_sid, session.label, now)
        if opened.over is not None:
            writer.delete_what_is_over(opened.over)
        made = planned(self.home, session, opened, login_key, refresh, now)
        if opened.renewed is not None and made.wants_end:
            # The wish is what counts: the session lives under another id by now.
            writer.end(opened.renewed, None)
            opened = replace(opened, renewed=None)
            made = made._replace(plan=replace(made.plan, renewed=None))
            session.modified = True
        try:
            saved = _carry_out(writer, made)
        except RecordTooLarge:
            if not made.plan.seals:
                raise
            # What is only sealed is not what a request fails by.
            made = made._replace(plan=replace(made.plan, seals={}))
            saved = _carry_out(writer, made)
        self._send(app, session, opened, made, saved, refresh, response, now)
        data = made.plan.data if saved.data is None else saved.data
        session.saved(Opened(dict(data), saved.stored, saved.renewed))

    def _send(
        self,
        app: Flask,
        session: SwapSession,
        opened: Opened,
        made: Planned,
        saved: Saved,
        refresh: Refresh,
        response: Response,
        now: float,
    ) -> None:
        """Sends the cookie when it changes or when its life was extended, and deletes it with the last key."""
        if saved.renewed is not None:
            return
        data = made.plan.data if saved.data is None else saved.data
        if is_empty(data):
            if session.modified or opened.over is not None:
                self.cookie.delete(app, response)
            return
        if saved.stored is None:
            return
        is_new = opened.stored is None or opened.stored.sid != saved.stored.sid
        is_other = is_new or made.plan.changes_life or refresh.is_flasks
        has_moved = opened.stored is not None and is_new
        is_news = opened.is_outdated or has_moved or (session.modified and is_other)
        if not is_news and not saved.is_extended:
            return
        term = refresh.term_of(data, made.plan.login_key, now)
        lasts = bool(data.get(PERMANENT)) or term.is_own
        if is_news or lasts:
            self.cookie.send(app, response, saved.stored.sid, term.end(now) if lasts else None)


def _carry_out(writer: Writer, made: Planned) -> Saved:
    """Does what a plan says, and as little as that takes."""
    plan = made.plan
    if plan.rotation is not None or made.is_wanted:
        return writer.save(plan)
    if plan.stored is None:
        return Saved(renewed=plan.renewed)
    if plan.seals and not made.has_changed:
        return writer.seal(plan.stored, plan)
    return writer.extend(plan.stored, plan.data) if plan.is_due else Saved(plan.stored)
