"""Declarations and their versions, as received and in canonical form."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from singlewindow.storage.tables.metadata import metadata

declaration = Table(
    "declaration",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("mrn", Text, nullable=False, unique=True),
    Column("party", Text, nullable=False),
    Column("lrn", Text, nullable=False),
    Column("type_code", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("lodged_at", BigInteger, nullable=False),
    UniqueConstraint("party", "lrn", name="declaration_party_lrn"),
    Index("declaration_party_id", "party", "id"),
)

version = Table(
    "version",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("declaration_id", ForeignKey("declaration.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("media", Text, nullable=False),
    Column("received", LargeBinary, nullable=False),
    Column("received_sha256", LargeBinary, nullable=False),
    Column("canonical", LargeBinary, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    # The number of the canonical form; rows from before it was counted, and from older processes, have the first.
    Column("form", Integer, nullable=False, server_default=text("1")),
    Column("warnings", LargeBinary, nullable=False),
    Column("routing", LargeBinary, nullable=False),
    Column("trace_id", Text, nullable=False, server_default=""),
    Column("received_at", BigInteger, nullable=False),
    Column("lodged_at", BigInteger, nullable=False),
    # Empty while questions on it are open.
    Column("decided_at", BigInteger),
    # The number of its current or next decision; numbers are unique.
    Column("decision_number", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("declaration_id", "number", name="version_declaration_number"),
    Index("version_lodged_at", "lodged_at"),
)
