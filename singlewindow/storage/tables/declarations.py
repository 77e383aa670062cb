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
    # Its place in a declaration's life; empty for versions from before life cycles, and from older processes.
    Column("state", Text),
    # Until when the state may last; empty if nothing in the state itself ends it.
    Column("state_until", BigInteger),
    # When the service has something to do about it: to warn the party, or to end the state.
    Column("due_at", BigInteger),
    UniqueConstraint("declaration_id", "number", name="version_declaration_number"),
    Index("version_lodged_at", "lodged_at"),
)
_DUE = version.c.due_at.is_not(None)
Index("version_due_at", version.c.due_at, postgresql_where=_DUE, sqlite_where=_DUE)

# Requests to change a declaration or to end it, with the answer, so that the same again gets the first one.
request = Table(
    "request",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("declaration_id", ForeignKey("declaration.id"), nullable=False),
    # The version that it was made against.
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("kind", Text, nullable=False),
    # The requester's own name for it.
    Column("reference", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("media", Text, nullable=False),
    Column("received", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # Until when it waits for an officer at most.
    Column("due_at", BigInteger),
    Column("answer", Text, nullable=False),
    # Empty while it waits for an officer.
    Column("answered_at", BigInteger),
    Column("answered_by", Text),
    Column("words", Text, nullable=False, server_default=""),
)
_NAMED = request.c.reference != text("''")
Index(
    "request_once", request.c.declaration_id, request.c.kind, request.c.reference, request.c.content_sha256,
    request.c.version_id, unique=True, postgresql_where=_NAMED, sqlite_where=_NAMED,
)  # fmt: skip
_WAITS = request.c.answered_at.is_(None)
Index("request_open", request.c.declaration_id, unique=True, postgresql_where=_WAITS, sqlite_where=_WAITS)
