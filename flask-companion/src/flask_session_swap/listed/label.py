"""The label of a session in the list of its user."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from flask import has_request_context, request

#: The bytes of a label that are kept.
LABEL_BYTES = 200

#: Where the label that a request has set waits for the list, and where it is kept once it is there.
_CHOSEN = "flask_session_swap.chosen_label"
_ENTERED = "flask_session_swap.entered_label"

#: Says that a request has tried in vain to enter its session.
_TRIED = "flask_session_swap.listing_tried"

#: What turns the direction of a text, or is not seen, so that a device might look like another.
_TURNS = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF))


@dataclass(frozen=True)
class Label:
    """A label that is to be entered."""

    text: str
    #: It takes the place of the one that the session has. Otherwise it is for one that has none.
    replaces: bool = False


def set_session_label(text: str) -> None:
    """Labels the session of this request in the list of its user's sessions, instead of with the browser's
    ``User-Agent``.

    At most 200 bytes are kept, without control characters. The label is written to the list, so set it when
    it changes and not with each request: that takes three round trips to the store, where nobody logs in.
    """
    request.environ[_CHOSEN] = shortened(text)
    request.environ.pop(_TRIED, None)


def label_is_chosen() -> bool:
    """Tells whether this request has set a label that is not in the list yet."""
    return has_request_context() and _CHOSEN in request.environ


def label_for(suggested: str) -> Label:
    """Returns the label for what this request enters in a list: ``suggested``, unless it has set another
    one."""
    own = request.environ if has_request_context() else {}
    chosen, entered = own.get(_CHOSEN), own.get(_ENTERED)
    if isinstance(chosen, str):
        return Label(chosen, replaces=True)
    return Label(entered if isinstance(entered, str) else _suggestion(suggested))


def label_entered(label: Label) -> None:
    """Notes that a label is in the list. It is that of another session, too, which this request may begin."""
    if label_is_chosen() and request.environ[_CHOSEN] == label.text:
        request.environ[_ENTERED] = request.environ.pop(_CHOSEN)


def note_that_listing_failed() -> None:
    """Notes that this request has tried in vain to enter its session."""
    if has_request_context():
        request.environ[_TRIED] = True


def listing_has_failed() -> bool:
    """Tells whether this request has tried in vain to enter its session: the next one tries again."""
    return has_request_context() and _TRIED in request.environ


def shortened(text: str) -> str:
    """Cuts a text to the bytes of a label, without what nobody sees."""
    kept, size = [], 0
    for character in _whole_characters(text.strip()):
        if _is_unseen(character):
            continue
        size += len(character.encode())
        if size > LABEL_BYTES:
            break
        kept.append(character)
    return "".join(kept)


def _suggestion(header: str) -> str:
    try:
        # WSGI hands on the bytes of a header as so many characters.
        text = header.encode("latin-1").decode()
    except UnicodeError:
        text = header
    return shortened(_whole_characters(text).encode()[:LABEL_BYTES].decode("utf-8", "ignore"))


def _whole_characters(text: str) -> str:
    # Half a character can't be stored.
    return text.encode("utf-8", "replace").decode()


def _is_unseen(character: str) -> bool:
    is_turn = any(first <= ord(character) <= last for first, last in _TURNS)
    return is_turn or unicodedata.category(character) == "Cc"
