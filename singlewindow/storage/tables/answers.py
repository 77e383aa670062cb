"""What agencies answered, in time and late, and what was decided on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text, text

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
    # How often this agency was asked about this version, from 1.
    Column("round", Integer, primary_key=True, autoincrement=False, server_default=text("1")),
)


def _late_answer() -> tuple[Column[Any], ...]:
    return Column("body", LargeBinary, nullable=False), Column("received_at", BigInteger, nullable=False)


# The late answers to first questions, by their key; `round` is 1.
late_assessment = Table(
    "late_assessment",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    *_late_answer(),
    Column("round", Integer, nullable=False, server_default=text("1")),
)

# Those to later rounds: a table of their own, since older processes know only one late answer of an agency.
later_late_assessment = Table(
    "later_late_assessment",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    *_late_answer(),
)


def _decision_columns() -> tuple[Column[Any], ...]:
    return (
        Column("outcome", Text, nullable=False),
        Column("lane", Text, nullable=False),
        Column("contradictory", Boolean, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("decided_at", BigInteger, nullable=False),
    )


# The first decision on a version, by its key; `number` is 1.
decision = Table(
    "decision",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("number", Integer, nullable=False),
    *_decision_columns(),
)

# Later decisions, with numbers from 2: a table of their own, since older processes know only one decision.
later_decision = Table(
    "later_decision",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *_decision_columns(),
)
