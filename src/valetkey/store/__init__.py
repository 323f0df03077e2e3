"""Runs, signing keys and the audit log on disk: SQLite with one writer and group commit."""

from valetkey.store.errors import StoreError
from valetkey.store.reading import LogReader
from valetkey.store.sqlite import SqliteStore

__all__ = ["LogReader", "SqliteStore", "StoreError"]
