"""Supporting documents, whose bytes a store keeps, and what a party answered when documents were asked of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from singlewindow.storage.tables.metadata import metadata

document = Table(
    "document",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("declaration_id", ForeignKey("declaration.id"), nullable=False),
    # The newest version when it was given.
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media", Text, nullable=False),
    Column("name", Text, nullable=False),
    # The agency whose officer gave it; empty if the party did.
    Column("agency", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
    # Whether it was scanned for viruses, and if not, why.
    Column("scan", Text, nullable=False),
    Column("scan_words", Text, nullable=False, server_default=""),
    Column("scanned_at", BigInteger, nullable=False),
    # What it is about; empty or 0 where it is not about that.
    Column("item", Text, nullable=False, server_default=""),
    Column("line", Integer, nullable=False, server_default=text("0")),
    Column("query", Text, nullable=False, server_default=""),
    Column("question", Text, nullable=False, server_default=""),
    Column("finding", Text, nullable=False, server_default=""),
    # The agency that asked for it; empty if none did.
    Column("for_agency", Text, nullable=False, server_default=""),
    Index(
        "document_once", "declaration_id", "sha256", "agency", "item", "line", "query", "question", "finding",
        unique=True,
    ),
)  # fmt: skip

# What a party answered when a decision asked for documents; each decision has at most one answer.
documents_answer = Table(
    "documents_answer",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("decision_number", Integer, nullable=False),
    Column("words", Text, nullable=False),
    # JSON: the documents' hashes, and by agency the round in which it was asked again.
    Column("documents", LargeBinary, nullable=False),
    Column("rounds", LargeBinary, nullable=False),
    Column("actor", Text, nullable=False),
    Column("answered_at", BigInteger, nullable=False),
    UniqueConstraint("version_id", "decision_number", name="documents_answer_once"),
)
