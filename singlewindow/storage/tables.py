"""The tables. Times are whole microseconds since 1970 UTC by the database's own clock; ids are made by `identity`.

An `outbox` row is one open question to one agency: answering it deletes the row and inserts the assessment in the same
transaction, so a question can be answered once only, and a version with no rows left is ready to be decided.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    text,
)

metadata = MetaData()

Record = Row[*tuple[Any, ...]]
"""A row as read: its columns by name."""

# SQLite numbers rows by itself only in a column declared exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")

principal = Table(
    "principal",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("party", Text),
    Column("agency", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    # Permissions with a space between them; none means all of the role's.
    Column("scopes", Text, nullable=False, server_default=""),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
)

mandate = Table(
    "mandate",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("broker", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index("mandate_broker_party", "broker", "party"),
)

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
    # The number of the canonical form; rows of before it was counted, and of older processes, have the first.
    Column("form", Integer, nullable=False, server_default=text("1")),
    Column("warnings", LargeBinary, nullable=False),
    Column("routing", LargeBinary, nullable=False),
    Column("trace_id", Text, nullable=False, server_default=""),
    Column("received_at", BigInteger, nullable=False),
    Column("lodged_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    UniqueConstraint("declaration_id", "number", name="version_declaration_number"),
    Index("version_lodged_at", "lodged_at"),
)

event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("version_id", ForeignKey("version.id")),
    Column("detail", LargeBinary, nullable=False),
    # Its place in the chain; empty only where a process of an older version has written it, until it is adopted.
    Column("stream", Integer),
    Column("number", BigInteger),
    Column("link", LargeBinary),
    Index("event_version_id", "version_id"),
    Index("event_stream_number", "stream", "number", unique=True),
)

trail = Table(
    "trail",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("link", LargeBinary, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("line", LargeBinary, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("agency", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("claimed", Boolean, nullable=False, server_default=false()),
    Column("lease_until", BigInteger, nullable=False),
)

open_question = Table(
    "outbox",
    metadata,
    Column("version_id", ForeignKey("version.id"), primary_key=True),
    Column("agency", Text, primary_key=True),
    Column("items", Text, nullable=False, server_default=""),
    Column("asked_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("deadline_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("parked", Boolean, nullable=False, server_default=false()),
    Column("failure", Text),
    # The agency has the question and will send its answer by itself: it is not asked again before its deadline.
    Column("awaiting", Boolean, nullable=False, server_default=false()),
    # When the last batch was made in which it reached its agency, and came back without an answer.
    Column("dispatched_at", BigInteger),
    # Not a foreign key: the batch row goes when its work is done, and a stale number here must never resurrect it.
    Column("batch_id", BigInteger),
    Index("outbox_batch_id", "batch_id"),
    Index("outbox_deadline_at", "deadline_at"),
)  # fmt: skip

# An index of some rows is used only where a query says the same condition in the same form, so it is said once, here.
WAITING = and_(
    open_question.c.batch_id.is_(None), open_question.c.parked.is_(False), open_question.c.awaiting.is_(False)
)
FRESH = and_(WAITING, open_question.c.attempts == literal_column("0"))
FAILED = and_(WAITING, open_question.c.attempts > literal_column("0"))
Index("outbox_fresh", open_question.c.agency, open_question.c.due_at, postgresql_where=FRESH, sqlite_where=FRESH)
Index("outbox_failed", open_question.c.agency, open_question.c.due_at, postgresql_where=FAILED, sqlite_where=FAILED)

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

stream = Table(
    "stream",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    Column("party", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("function_code", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
