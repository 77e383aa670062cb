"""Officers answer questions: an open question keeps who has taken it, and what the party was asked is kept with its answer.

Only adds. A trader's timeline is shown by the database as it is by the service.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
COLUMNS = (("taken_by", sa.Text()), ("taken_at", sa.BigInteger()))
READERS = {
    TRADER: "EXISTS (SELECT FROM version WHERE version.id = query.version_id)",
    AGENCY: "agency = current_setting('singlewindow.reader', true)",
    AUDITOR: "true",
}
SHOWN_BEFORE = ("lodged", "decided")
SHOWN = (*SHOWN_BEFORE, "requested", "answered", "amended", "cancelled", "arrived", "reported", "milestone", "lapsed",
         "queried", "explained")  # fmt: skip


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("outbox", sa.Column(name, kind))
    op.create_table(
        "query",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("query_version_id", "query", ["version_id"])
    if op.get_bind().dialect.name == "postgresql":
        for role, condition in READERS.items():
            op.execute(f"GRANT SELECT ON query TO {role}")
            op.execute(f"CREATE POLICY {role} ON query FOR SELECT TO {role} USING ({condition})")
        others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
        op.execute(f"CREATE POLICY singlewindow_service ON query USING ({others}) WITH CHECK ({others})")
        op.execute("ALTER TABLE query ENABLE ROW LEVEL SECURITY")
        _show_events(SHOWN)


def _show_events(kinds: tuple[str, ...]) -> None:
    visible = "EXISTS (SELECT FROM version WHERE version.id = event.version_id)"
    op.execute(f"ALTER POLICY {TRADER} ON event USING (kind IN {kinds} AND {visible})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _show_events(SHOWN_BEFORE)
    op.drop_table("query")
    for name, _ in reversed(COLUMNS):
        with op.batch_alter_table("outbox") as outbox:
            outbox.drop_column(name)
