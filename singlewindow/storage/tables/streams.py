"""What is handed out in order: notices to parties, feeds to agencies."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text, text

from singlewindow.storage.tables.metadata import metadata

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
    # The number of the decision that it reports, if it reports one.
    Column("decision_number", Integer, nullable=False, server_default=text("1")),
    # What it says beyond its code and its decision; empty if nothing.
    Column("detail", LargeBinary),
)

feed = Table(
    "feed",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", ForeignKey("version.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # The round of the question that it reports, or of the agency's answer that counted in the decision.
    Column("round", Integer, nullable=False, server_default=text("1")),
    Column("decision_number", Integer, nullable=False, server_default=text("1")),
)
