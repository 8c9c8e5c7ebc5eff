"""The cookie that names a session: the bare id, or one that is signed."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional

from flask import Flask
from flask.sessions import SessionInterface
from flask.wrappers import Request, Response
from itsdangerous import BadSignature, Signer, want_bytes

from .answers import forbid_sharing
from .saving.successor import SID


class Named(NamedTuple):
    """The id that a cookie names."""

    sid: str
    #: It was signed with a key that is to be replaced.
    is_outdated: bool


class SessionCookie:
    """Reads and writes session cookies, with the attributes that Flask's settings say."""

    def __init__(self, interface: SessionInterface, *, is_signed: bool) -> None:
        self._interface = interface
        self._is_signed = is_signed

    def read(self, app: Flask, request: Request) -> Optional[Named]:
        """Returns the id that a request brings; ``None`` for none that could have been given out here."""
        value = request.cookies.get(self._interface.get_cookie_name(app))
        if not value:
            return None
        is_outdated = False
        if self._is_signed:
            try:
                sid = _signer(_older_keys(app) + [_key(app)]).unsign(value).decode()
            except (BadSignature, UnicodeDecodeError):
                return None
            is_outdated = value != self._value(app, sid)
        else:
            sid = value
        return Named(sid, is_outdated) if SID.fullmatch(sid) else None

    def send(self, app: Flask, response: Response, sid: str, expires: Optional[float]) -> None:
        """Sends the cookie.

        :param expires: when it ends, in Unix seconds; ``None`` ends it with the browser.
        """
        response.set_cookie(
            self._interface.get_cookie_name(app),
            self._value(app, sid),
            expires=None if expires is None else int(expires),
            **self._attributes(app),
        )
        forbid_sharing(response)

    def delete(self, app: Flask, response: Response) -> None:
        """Makes the browser forget the cookie."""
        response.delete_cookie(self._interface.get_cookie_name(app), **self._attributes(app))
        forbid_sharing(response)

    def _value(self, app: Flask, sid: str) -> str:
        return _signer([_key(app)]).sign(sid).decode() if self._is_signed else sid

    def _attributes(self, app: Flask) -> Any:
        interface = self._interface
        attributes = {
            "domain": interface.get_cookie_domain(app),
            "path": interface.get_cookie_path(app),
            "secure": interface.get_cookie_secure(app),
            "httponly": interface.get_cookie_httponly(app),
            "samesite": interface.get_cookie_samesite(app),
        }
        if hasattr(interface, "get_cookie_partitioned"):
            # Flask has it from 3.1 on.
            attributes["partitioned"] = interface.get_cookie_partitioned(app)
        return attributes


def _key(app: Flask) -> bytes:
    if not app.secret_key:
        raise KeyError("SECRET_KEY must be set where SESSION_USE_SIGNER is on")
    return want_bytes(app.secret_key)


def _older_keys(app: Flask) -> List[bytes]:
    return [want_bytes(key) for key in app.config.get("SECRET_KEY_FALLBACKS") or ()]


def _signer(keys: List[bytes]) -> Signer:
    return Signer(keys, salt="flask-session", key_derivation="hmac")
