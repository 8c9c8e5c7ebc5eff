"""Reading records of which nobody knows yet what they are."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ..records import Format
from ..stores.store import Loaded


def content_of(records: Format, loaded: Loaded) -> Optional[Dict[str, Any]]:
    """Returns what is in a record; ``None`` for one that can't be read."""
    try:
        return records.decode(loaded.record)
    except ValueError:
        return None
