"""Agencies can be asked again about a version, and decide anew: rounds are counted, and decisions numbered.

Only adds: what stands is of the first round and tells of the first decision, and so is what older processes write.
The keys follow with 0012.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
COLUMNS = (
    ("version", "decision_number"),
    ("outbox", "round"), ("assessment", "round"), ("late_assessment", "round"), ("feed", "round"),
    ("feed", "decision_number"), ("notice", "decision_number"),
)  # fmt: skip
VISIBLE = "EXISTS (SELECT FROM version WHERE version.id = later_decision.version_id)"
READERS = {
    "later_decision": {TRADER: VISIBLE, AGENCY: VISIBLE, AUDITOR: "true"},
    "later_late_assessment": {AUDITOR: "true"},
}


def upgrade() -> None:
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.create_table(
        "later_decision",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("contradictory", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("version_id", "number"),
    )
    op.create_table(
        "later_late_assessment",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("version_id", "agency", "round"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, readers in READERS.items():
            _show(table, readers)


def _show(table: str, readers: Mapping[str, str]) -> None:
    for role, condition in readers.items():
        op.execute(f"GRANT SELECT ON {table} TO {role}")
        op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({condition})")
    others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
    op.execute(f"CREATE POLICY singlewindow_service ON {table} USING ({others}) WITH CHECK ({others})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("later_late_assessment")
    op.drop_table("later_decision")
    for table, name in COLUMNS:
        with op.batch_alter_table(table) as changed:
            changed.drop_column(name)
