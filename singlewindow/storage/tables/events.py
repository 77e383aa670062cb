"""The event trail: events in their chains, the chains' ends, and the signed checkpoints."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, column

from singlewindow.storage.tables.metadata import Serial, metadata

_ABOUT_OTHERS = column("subject_kind").is_not(None)

event = Table(
    "event",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("version_id", ForeignKey("version.id")),
    Column("detail", LargeBinary, nullable=False),
    # Its place in the chain; empty only if a process of an older version has written it, until it is chained.
    Column("stream", Integer),
    Column("number", BigInteger),
    Column("link", LargeBinary),
    # What it is about; a version is named by `version_id` alone.
    Column("subject_kind", Text),
    Column("subject_id", Text),
    Index("event_version_id", "version_id"),
    Index("event_stream_number", "stream", "number", unique=True),
    Index("event_subject", "subject_kind", "subject_id", postgresql_where=_ABOUT_OTHERS, sqlite_where=_ABOUT_OTHERS),
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
