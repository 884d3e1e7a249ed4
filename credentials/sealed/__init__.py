"""Sealed storage: authenticated records in files and SQLite, with roll-back detection."""
