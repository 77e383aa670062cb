"""The audit trail's chains and checkpoints. Only adds: what older processes write beside it is chained later.

The index over the places of events comes with 0005, which does not keep anybody from writing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STREAMS = 16


def upgrade() -> None:
    op.add_column("event", sa.Column("stream", sa.Integer(), nullable=True))
    op.add_column("event", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("link", sa.LargeBinary(), nullable=True))
    trail = op.create_table(
        "trail",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.bulk_insert(trail, [{"stream": stream, "number": 0, "link": bytes(32)} for stream in range(STREAMS)])
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    op.drop_table("checkpoint")
    op.drop_table("trail")
    for column in ("link", "number", "stream"):
        op.drop_column("event", column)
