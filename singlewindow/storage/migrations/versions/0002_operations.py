"""What the operator reads: running totals, and which dispatchers live. Only adds: older processes work on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "shard"),
    )
    op.create_table(
        "dispatcher",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    # What was decided before anybody counted.
    op.execute("INSERT INTO tally (name, shard, count)"
               " SELECT 'decided/' || outcome, 0, count(*) FROM decision GROUP BY outcome")  # fmt: skip
    op.execute("INSERT INTO tally (name, shard, count)"
               " SELECT 'unanswered/' || agency || '/' || answer, 0, count(*) FROM assessment"
               " WHERE answer <> 'assessed' GROUP BY agency, answer")  # fmt: skip


def downgrade() -> None:
    op.drop_table("dispatcher")
    op.drop_table("tally")
