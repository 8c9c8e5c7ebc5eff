"""Stores: one file for each."""
