"""Who may call: scopes, expiry and last use of keys; mandates of brokers. Only adds: older processes work on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("principal", sa.Column("scopes", sa.Text(), server_default="", nullable=False))
    op.add_column("principal", sa.Column("expires_at", sa.BigInteger()))
    op.add_column("principal", sa.Column("last_used_at", sa.BigInteger()))
    op.create_table(
        "mandate",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mandate_broker_party", "mandate", ["broker", "party"])


def downgrade() -> None:
    op.drop_table("mandate")
    with op.batch_alter_table("principal") as principal:
        principal.drop_column("last_used_at")
        principal.drop_column("expires_at")
        principal.drop_column("scopes")
