"""The index over the places of events in the chain, built while others go on writing; large tables take minutes."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "event_stream_number"
COLUMNS = ["stream", "number"]


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(INDEX, "event", COLUMNS, unique=True, if_not_exists=True)
        return
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for all transactions under way, and nobody waits for it
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # what was ended in its middle is no index
        op.create_index(INDEX, "event", COLUMNS, unique=True, postgresql_concurrently=True)
        op.execute("RESET lock_timeout")


def downgrade() -> None:
    op.drop_index(INDEX, "event")
