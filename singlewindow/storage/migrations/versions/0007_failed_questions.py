"""Questions that failed before get an index of their own: those asked for the first time never wait behind them.

The parties that have keys are read all at once, so their index goes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PLACE = ["agency", "due_at"]
WAITING = sa.and_(
    sa.column("batch_id").is_(None),
    sa.column("parked", sa.Boolean).is_(False),
    sa.column("awaiting", sa.Boolean).is_(False),
)
ATTEMPTS = sa.column("attempts", sa.Integer)
FRESH = sa.and_(WAITING, ATTEMPTS == sa.literal_column("0"))
FAILED = sa.and_(WAITING, ATTEMPTS > sa.literal_column("0"))


def upgrade() -> None:
    op.drop_index("principal_party", "principal")
    op.drop_index("outbox_waiting", "outbox")
    op.create_index("outbox_fresh", "outbox", PLACE, postgresql_where=FRESH, sqlite_where=FRESH)
    op.create_index("outbox_failed", "outbox", PLACE, postgresql_where=FAILED, sqlite_where=FAILED)


def downgrade() -> None:
    op.drop_index("outbox_failed", "outbox")
    op.drop_index("outbox_fresh", "outbox")
    old = sa.text("batch_id IS NULL")
    op.create_index("outbox_waiting", "outbox", PLACE, postgresql_where=old, sqlite_where=old)
    op.create_index("principal_party", "principal", ["party"])
