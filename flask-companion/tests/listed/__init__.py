"""Tests of the list of a user's sessions."""
