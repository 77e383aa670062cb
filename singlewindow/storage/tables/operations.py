"""What the service knows of itself: running totals, and the processes that are alive."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from singlewindow.storage.tables.metadata import metadata

tally = Table(
    "tally",
    metadata,
    Column("name", Text, primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)

dispatcher = Table(
    "dispatcher",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
