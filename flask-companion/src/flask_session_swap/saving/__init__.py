"""Saving: compare-and-swap, merging, new ids, and what is done where another request was faster."""

from .plan import Plan, Saved, Stored, is_empty
from .writer import Home, Writer

__all__ = ["Home", "Plan", "Saved", "Stored", "Writer", "is_empty"]
