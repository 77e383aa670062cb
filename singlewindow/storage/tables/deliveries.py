"""Who is sent notices or a feed, and what is on its way there or could not be delivered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from singlewindow.storage.tables.metadata import metadata

subscription = Table(
    "subscription",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # The name of the stream whose entries are sent, and its owner: a party, or an agency.
    Column("stream", Text, nullable=False),
    Column("party", Text),
    Column("agency", Text),
    # The broker that subscribed to its client's notices; empty if the owner itself did.
    Column("broker", Text, nullable=False, server_default=""),
    Column("key_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # The last number of the stream that was taken over: delivered, given up, or in `delivery`.
    Column("position", BigInteger, nullable=False),
    Column("proven_at", BigInteger),
    Column("suspended_at", BigInteger),
    Column("blocked_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("due_at", BigInteger, nullable=False),
    Column("test_id", BigInteger),
    Column("undelivered", BigInteger, nullable=False, server_default="0"),
    Column("undelivered_at", BigInteger),
    Column("lease", BigInteger),
    Column("lease_until", BigInteger),
    Index("subscription_once", "stream", "broker", "url", unique=True),
)

subscription_secret = Table(
    "subscription_secret",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscription_id", ForeignKey("subscription.id"), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("expires_at", BigInteger),
    Index("subscription_secret_subscription_id", "subscription_id"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("subscription_id", ForeignKey("subscription.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("mrn", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Index("delivery_declaration", "subscription_id", "mrn", "number"),
)

delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscription_id", ForeignKey("subscription.id"), nullable=False),
    Column("message", Text, nullable=False),
    Column("attempted_at", BigInteger, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("status", Integer),
    Column("problem", Text, nullable=False),
    Column("next_at", BigInteger),
    Index("delivery_attempt_subscription_id", "subscription_id", "id"),
)
