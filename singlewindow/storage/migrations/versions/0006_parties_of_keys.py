"""The index by which it is known whether a party has a key: asked when another lodges in its name."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("principal_party", "principal", ["party"])


def downgrade() -> None:
    op.drop_index("principal_party", "principal")
