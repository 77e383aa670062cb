"""Facts about the database for the doctor: its version, and whether it keeps what it confirms."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy import Connection

from singlewindow.storage.engine.connect import OLDEST_SQLITE

OLDEST_POSTGRESQL: Final = (14,)
SQLITE_FULL: Final = 2
POSTGRESQL_DURABILITY: Final = ("fsync", "synchronous_commit", "full_page_writes")


def server_version(connection: Connection) -> tuple[int, ...]:
    """The database's version."""
    if connection.dialect.name == "sqlite":
        return sqlite3.sqlite_version_info
    number = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    return number // 10_000, number % 10_000


def oldest_version(connection: Connection) -> tuple[int, ...]:
    """The oldest version the service works with."""
    return OLDEST_SQLITE if connection.dialect.name == "sqlite" else OLDEST_POSTGRESQL


def durability(connection: Connection) -> dict[str, tuple[str, bool]]:
    """Each setting on which a confirmed write depends: its value, and whether that is safe."""
    if connection.dialect.name == "sqlite":
        synchronous = int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
        return {"synchronous": (str(synchronous), synchronous >= SQLITE_FULL), "journal": (journal, journal == "wal")}
    values = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in POSTGRESQL_DURABILITY}
    return {name: (value, value != "off") for name, value in values.items()}
