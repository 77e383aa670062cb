"""What all tables share: their registry, and a row as it is read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData, Row

metadata = MetaData()

Record = Row[*tuple[Any, ...]]
"""A row as read: its columns by name."""

# SQLite numbers rows itself only in a column declared exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
