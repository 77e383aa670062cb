"""Inspections: orders, slots, officers' records, results of items, overrides; and the person behind a key.

Only adds: what older processes decide is ordered by newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
SHOWN_BEFORE = ("lodged", "decided", "requested", "answered", "amended", "cancelled", "arrived", "reported", "milestone",
                "lapsed", "queried", "explained", "document", "documents-given")  # fmt: skip
SHOWN = (*SHOWN_BEFORE, "inspection-ordered", "slot-wished", "slot-moved", "items-ended", "inspection-ended")
OPEN = sa.column("ended_at").is_(None)
WAITS = sa.column("answered_at").is_(None)
OF_VERSION = "EXISTS (SELECT FROM version WHERE version.id = inspection.version_id)"
OF_INSPECTION = "EXISTS (SELECT FROM inspection WHERE inspection.id = {table}.inspection_id)"
BELOW = ("inspection_agency", "control_record", "item_result", "result_override")


def upgrade() -> None:
    op.add_column("principal", sa.Column("person", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "inspection",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_number", sa.Integer(), nullable=False),
        sa.Column("controls", sa.LargeBinary(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, server_default=""),
        sa.Column("slot_at", sa.BigInteger()),
        sa.Column("wished_at", sa.BigInteger()),
        sa.Column("wish", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version_id", "decision_number", name="inspection_version_decision"),
    )
    op.create_index("inspection_open", "inspection", ["id"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_table(
        "inspection_agency",
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"]),
        sa.PrimaryKeyConstraint("inspection_id", "agency"),
    )
    op.create_index("inspection_agency_agency", "inspection_agency", ["agency", "inspection_id"])
    op.create_table(
        "control_record",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("control_record_inspection", "control_record", ["inspection_id"])
    op.create_table(
        "item_result",
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("override_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"]),
        sa.PrimaryKeyConstraint("inspection_id", "item"),
    )
    op.create_table(
        "result_override",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trader", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed", sa.Integer()),
        sa.Column("second_officer", sa.Text()),
        sa.Column("second_person", sa.Text()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "override_open", "result_override", ["inspection_id"], unique=True, postgresql_where=WAITS, sqlite_where=WAITS
    )
    op.create_table(
        "slot",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("place", "starts_at"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _show("inspection", dict.fromkeys((TRADER, AGENCY), OF_VERSION))
        for table in BELOW:
            _show(table, dict.fromkeys((TRADER, AGENCY), OF_INSPECTION.format(table=table)))
        _show_events(SHOWN)


def _show_events(kinds: tuple[str, ...]) -> None:
    visible = "EXISTS (SELECT FROM version WHERE version.id = event.version_id)"
    op.execute(f"ALTER POLICY {TRADER} ON event USING (kind IN {kinds} AND {visible})")


def _show(table: str, readers: Mapping[str, str]) -> None:
    for role, condition in {**readers, AUDITOR: "true"}.items():
        op.execute(f"GRANT SELECT ON {table} TO {role}")
        op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({condition})")
    others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
    op.execute(f"CREATE POLICY singlewindow_service ON {table} USING ({others}) WITH CHECK ({others})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _show_events(SHOWN_BEFORE)
    for table in ("slot", "result_override", "item_result", "control_record", "inspection_agency", "inspection"):
        op.drop_table(table)
    with op.batch_alter_table("principal") as changed:
        changed.drop_column("person")
