"""An open question keeps when it was handed to its agency for the last time, so that a later answer can be measured.

Only adds: processes of an older version leave it empty, and no dispatch is recorded then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("dispatched_at", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("dispatched_at")
