"""Open questions to agencies, and the batches that workers take them in.

An open question is one row of the table `outbox`: answering it deletes the row and inserts the assessment in the same
transaction, so a question can be answered once only, and a version with no rows left is ready to be decided.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    and_,
    false,
    literal_column,
    text,
)

from singlewindow.storage.tables.metadata import metadata

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
    # The agency has the question and will send its answer on its own: it is not asked again before its deadline.
    Column("awaiting", Boolean, nullable=False, server_default=false()),
    # When the last batch was made in which it reached its agency and got no answer.
    Column("dispatched_at", BigInteger),
    # Not a foreign key: the batch row goes when its work is done, and a stale number here must never resurrect it.
    Column("batch_id", BigInteger),
    # How often this agency was asked about this version, from 1. Not in the key: a new question closes the open one.
    Column("round", Integer, nullable=False, server_default=text("1")),
    # The officer who has taken it, by the id of the key, and since when; both empty if nobody has.
    Column("taken_by", Text),
    Column("taken_at", BigInteger),
    # What the party has answered since, if documents were asked: it is read by an officer.
    Column("documents_answer_id", BigInteger),
    Index("outbox_batch_id", "batch_id"),
    Index("outbox_deadline_at", "deadline_at"),
)  # fmt: skip

# What officers ask the party while a question is open to them, with the party's answer.
query = Table(
    "query",
    metadata,
    # That of the notice which tells the party.
    Column("reference", Text, primary_key=True),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("agency", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("officer", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    # The last moment for an answer.
    Column("answer_by", BigInteger, nullable=False),
    # Empty until the party has answered.
    Column("answer", Text),
    Column("answered_at", BigInteger),
    Index("query_version_id", "version_id"),
)

# A partial index is used only if a query has the same condition in the same form, so it is written once, here.
WAITING = and_(
    open_question.c.batch_id.is_(None), open_question.c.parked.is_(False), open_question.c.awaiting.is_(False)
)
FRESH = and_(WAITING, open_question.c.attempts == literal_column("0"))
FAILED = and_(WAITING, open_question.c.attempts > literal_column("0"))
Index("outbox_fresh", open_question.c.agency, open_question.c.due_at, postgresql_where=FRESH, sqlite_where=FRESH)
Index("outbox_failed", open_question.c.agency, open_question.c.due_at, postgresql_where=FAILED, sqlite_where=FAILED)
