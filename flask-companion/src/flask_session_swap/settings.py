"""The settings that Flask-Session does not have, under the names that the Rust side gives them, in capitals."""

from __future__ import annotations

import difflib
import importlib.util
import warnings
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Mapping, Optional

from . import layout, merge

_DAY = 24 * 60 * 60

#: The longest life in seconds that can be configured, as on the Rust side. Cookies can't end in the year 10,000.
LONGEST_LIFE = 36_500 * _DAY

#: The list of a user's sessions is one record, which each log-in of the user rewrites.
_MOST_LISTED = 100


class ConfigurationError(ValueError):
    """A setting has a value that it can't have."""


@dataclass(frozen=True)
class Settings:
    """All settings of the companion. They are read once, when it is attached."""

    #: The key that says who is logged in; ``None`` where Flask-Login decides, or nobody.
    login_key: Optional[str] = None
    #: The rule of each key that two requests may change at once. A key without one keeps the last change.
    merge: Mapping[str, merge.Policy] = field(default_factory=dict)
    #: The share of its life after which a session's life is extended. 0: at every use, as Flask-Session does.
    refresh_after: float = 0.1
    #: For how many seconds a renewed id is remembered with its successor. 0: not at all.
    successor_seconds: int = 60
    #: The life of a session in seconds from its log-in on, whatever uses it.
    absolute_lifetime: Optional[int] = None
    #: The longest life in seconds that a session can have of its own.
    lifetime_max: Optional[int] = None
    #: The longest record in bytes. 0: any.
    max_size: int = 1024 * 1024
    #: How often a save is tried that others are always faster than.
    swap_attempts: int = 200
    #: Each user's sessions are in a list.
    listed: bool = False
    #: The number of sessions that a user may have.
    max_per_user: Optional[int] = None
    #: What becomes of a log-in beyond that: ``"oldest"`` ends the oldest session, ``"refuse"`` refuses the log-in.
    when_full: str = "oldest"

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Reads the settings from an application's configuration.

        :raises ConfigurationError: one of them has a value that it can't have.
        """
        described = _layout(config)
        _warn_of_misspelled(config)
        try:
            named = described.policies(_mapping(config, "SESSION_MERGE"))
            policies = {key: merge.policy(key, policy) for key, policy in named.items()}
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        login_key = config.get("SESSION_LOGIN_KEY", described.login_key)
        if login_key is not None and (not isinstance(login_key, str) or not login_key):
            raise ConfigurationError("SESSION_LOGIN_KEY is the name of the key that says who is logged in")
        if login_key != described.login_key and described.login_key is not None:
            raise ConfigurationError(
                f"SESSION_LOGIN_KEY is {login_key!r}, and the login field in SESSION_LAYOUT is {described.login_key!r}"
            )
        listed = _flag(config, "SESSION_LISTED", described.listed)
        if described.login_key is not None and listed != described.listed:
            raise ConfigurationError(
                f"SESSION_LISTED is {listed}, and the login field in SESSION_LAYOUT is "
                f"{'listed' if described.listed else 'not listed'}: leave SESSION_LISTED out"
            )
        if listed and login_key is None and importlib.util.find_spec("flask_login") is None:
            raise ConfigurationError(
                "SESSION_LISTED needs SESSION_LOGIN_KEY, the key that says who is logged in, unless Flask-Login does"
            )
        _check_lifetimes(config)
        max_per_user = _count(config, "SESSION_MAX_PER_USER", 0, least=0) or None
        when_full = config.get("SESSION_WHEN_FULL", "oldest")
        if when_full not in ("oldest", "refuse"):
            raise ConfigurationError('SESSION_WHEN_FULL is "oldest" or "refuse"')
        if max_per_user is not None and not listed:
            raise ConfigurationError("SESSION_MAX_PER_USER needs SESSION_LISTED = True: it counts what is listed")
        if max_per_user is not None and max_per_user > _MOST_LISTED:
            raise ConfigurationError(
                f"SESSION_MAX_PER_USER is at most {_MOST_LISTED}, for which the list of a user has room; 0 is no limit"
            )
        if max_per_user is None and when_full == "refuse":
            warnings.warn("SESSION_WHEN_FULL does nothing without SESSION_MAX_PER_USER", stacklevel=3)
        return cls(
            login_key=login_key,
            merge=policies,
            refresh_after=_share(config, "SESSION_REFRESH_AFTER", 0.1),
            successor_seconds=_seconds(config, "SESSION_SUCCESSOR_SECONDS", 60),
            absolute_lifetime=_seconds(config, "SESSION_ABSOLUTE_LIFETIME", 0) or None,
            lifetime_max=_seconds(config, "SESSION_LIFETIME_MAX", 0) or None,
            max_size=_count(config, "SESSION_MAX_SIZE", 1024 * 1024, least=0),
            swap_attempts=_count(config, "SESSION_SWAP_ATTEMPTS", 200, least=1),
            listed=listed,
            max_per_user=max_per_user,
            when_full=when_full,
        )

    def longest_life(self, lifetime: float) -> float:
        """Returns the longest life in seconds that a session can have of its own, beside the configured one."""
        return self.lifetime_max or max(31 * _DAY, lifetime, self.absolute_lifetime or 0)


_OWN_KEYS = (
    "SESSION_ABSOLUTE_LIFETIME",
    "SESSION_LAYOUT",
    "SESSION_LIFETIME_MAX",
    "SESSION_LISTED",
    "SESSION_LOGIN_KEY",
    "SESSION_MAX_PER_USER",
    "SESSION_MAX_SIZE",
    "SESSION_MERGE",
    "SESSION_REFRESH_AFTER",
    "SESSION_SUCCESSOR_SECONDS",
    "SESSION_SWAP_ATTEMPTS",
    "SESSION_WHEN_FULL",
)


def _check_lifetimes(config: Mapping[str, Any]) -> None:
    longest = _seconds(config, "SESSION_LIFETIME_MAX", 0)
    if 0 < longest < _seconds(config, "PERMANENT_SESSION_LIFETIME", 0):
        raise ConfigurationError("SESSION_LIFETIME_MAX is shorter than PERMANENT_SESSION_LIFETIME")
    if 0 < _seconds(config, "SESSION_ABSOLUTE_LIFETIME", 0) < longest:
        raise ConfigurationError(
            "SESSION_LIFETIME_MAX is longer than SESSION_ABSOLUTE_LIFETIME, which ends every session before"
        )


def _warn_of_misspelled(config: Mapping[str, Any]) -> None:
    from flask_session.defaults import Defaults

    known = {*_OWN_KEYS, *(name for name in vars(Defaults) if name.startswith("SESSION_"))}
    for key in config:
        if key.startswith("SESSION_") and key not in known and not key.startswith("SESSION_COOKIE_"):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.85)
            if near:
                warnings.warn(f"{key} is not a setting of sessions: is {near[0]} meant?", stacklevel=4)


def _layout(config: Mapping[str, Any]) -> layout.Layout:
    path = config.get("SESSION_LAYOUT")
    if path is None:
        return layout.Layout()
    try:
        return layout.read(path)
    except layout.LayoutError as error:
        raise ConfigurationError(f"SESSION_LAYOUT: {error}") from error


def _mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key) or {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError(f'{key} names a policy for each key, such as {{"views": "add"}}')
    return value


def _flag(config: Mapping[str, Any], key: str, default: bool) -> bool:
    value = config.get(key, default)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{key} is True or False")
    return value


def _count(config: Mapping[str, Any], key: str, default: int, *, least: int) -> int:
    value = config.get(key, default)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(f"{key} is a whole number of at least {least}")
    return value


def _share(config: Mapping[str, Any], key: str, default: float) -> float:
    value = config.get(key, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ConfigurationError(f"{key} is a share of the lifetime, from 0 to 1")
    return float(value)


def _seconds(config: Mapping[str, Any], key: str, default: int) -> int:
    value = config.get(key, default)
    if value is None:
        return 0
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not (value == 0 or 1 <= value < 2**32):
        raise ConfigurationError(f"{key} is a number of seconds or a timedelta, of at least a second; 0 is none")
    return int(value)
