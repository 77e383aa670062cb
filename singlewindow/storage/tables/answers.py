"""What agencies answered, in time and late, and what was decided on it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text

from singlewindow.storage.tables.metadata import metadata

assessment = Table(
    "assessment",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("dispatched_at", BigInteger),
    Column("answered_at", BigInteger, nullable=False),
)

late_assessment = Table(
    "late_assessment",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("contradictory", Boolean, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
)
