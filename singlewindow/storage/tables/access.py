"""Who may call: keys (the SQL table `principal`), and brokers' mandates."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from singlewindow.storage.tables.metadata import metadata

key = Table(
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
    # Who uses it, as the operator knows the person; empty for keys of systems.
    Column("person", Text, nullable=False, server_default=""),
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
