"""Events say what they are about where that is no version: a key, a mandate; with an index, built while others write.

Only adds: older processes leave both columns empty, as every event about a version does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "event_subject"
COLUMNS = ["subject_kind", "subject_id"]
ABOUT_OTHERS = sa.column("subject_kind").is_not(None)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        for name in COLUMNS:
            op.add_column("event", sa.Column(name, sa.Text()))
        op.create_index(INDEX, "event", COLUMNS, sqlite_where=ABOUT_OTHERS)
        return
    with op.get_context().autocommit_block():
        # An upgrade that was ended in its middle begins here again, and may find the columns and half an index.
        for name in COLUMNS:
            op.add_column("event", sa.Column(name, sa.Text()), if_not_exists=True)
        op.execute("SET lock_timeout = 0")  # it waits for all transactions under way, and nobody waits for it
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(INDEX, "event", COLUMNS, postgresql_where=ABOUT_OTHERS, postgresql_concurrently=True)
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    op.drop_index(INDEX, "event")
    with op.batch_alter_table("event") as event:
        for name in reversed(COLUMNS):
            event.drop_column(name)
