"""What an answer says of its session."""

from __future__ import annotations

import re
from typing import Optional

from werkzeug.test import TestResponse


def cookie_of(answer: TestResponse) -> Optional[str]:
    """The id in the cookie of an answer; empty for one that deletes it."""
    found = re.match("session=([^;]*)", answer.headers.get("Set-Cookie", ""))
    return found and found[1]
