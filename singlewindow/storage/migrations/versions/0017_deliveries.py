"""Notices and feeds are sent: who is subscribed, with which secrets, what is on its way, and what was tried of late.

Only adds. Secrets, and what is on its way, are shown to no reader.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
TABLES = ("subscription", "subscription_secret", "delivery", "delivery_attempt")
VISIBLE = "EXISTS (SELECT FROM subscription WHERE subscription.id = subscription_id)"
READERS = {
    "subscription": {
        TRADER: "party = current_setting('singlewindow.reader', true)",
        AGENCY: "agency = current_setting('singlewindow.reader', true)",
        AUDITOR: "true",
    },
    "delivery": {TRADER: VISIBLE, AGENCY: VISIBLE, AUDITOR: "true"},
    "delivery_attempt": {TRADER: VISIBLE, AGENCY: VISIBLE, AUDITOR: "true"},
}


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("party", sa.Text()),
        sa.Column("agency", sa.Text()),
        sa.Column("broker", sa.Text(), nullable=False, server_default=""),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("proven_at", "suspended_at", "blocked_at", "ended_at")),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("test_id", sa.BigInteger()),
        sa.Column("undelivered", sa.BigInteger(), nullable=False, server_default="0"),
        *(sa.Column(name, sa.BigInteger()) for name in ("undelivered_at", "lease", "lease_until")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_once", "subscription", ["stream", "broker", "url"], unique=True)
    op.create_table(
        "subscription_secret",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("subscription_secret_subscription_id", "subscription_secret", ["subscription_id"])
    op.create_table(
        "delivery",
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mrn", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("subscription_id", "number"),
    )
    op.create_index("delivery_declaration", "delivery", ["subscription_id", "mrn", "number"])
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("delivery_attempt_subscription_id", "delivery_attempt", ["subscription_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        _close_to_others()


def _close_to_others() -> None:
    for table in TABLES:
        for role, condition in READERS.get(table, {}).items():
            op.execute(f"GRANT SELECT ON {table} TO {role}")
            op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({condition})")
        others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
        op.execute(f"CREATE POLICY singlewindow_service ON {table} USING ({others}) WITH CHECK ({others})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
