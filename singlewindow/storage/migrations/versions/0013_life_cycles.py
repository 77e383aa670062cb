"""A declaration has a state until its goods have left; requests to change or end it are kept with their answers.

Only adds: versions from before, and those of older processes, have no state and are read by their decision.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
COLUMNS = (("version", "state", sa.Text()), ("version", "state_until", sa.BigInteger()),
           ("version", "due_at", sa.BigInteger()), ("notice", "detail", sa.LargeBinary()))  # fmt: skip
INDEX = "version_due_at"
DUE = sa.column("due_at").is_not(None)
WAITS = sa.column("answered_at").is_(None)
NAMED = sa.column("reference") != sa.literal_column("''")
READERS = {
    TRADER: "EXISTS (SELECT FROM declaration WHERE declaration.id = request.declaration_id)",
    AUDITOR: "true",
}


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        _add_columns_while_others_write()
    else:
        for table, name, kind in COLUMNS:
            op.add_column(table, sa.Column(name, kind))
        op.create_index(INDEX, "version", ["due_at"], sqlite_where=DUE)
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("declaration_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("received", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["declaration_id"], ["declaration.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "request_once", "request", ["declaration_id", "kind", "reference", "content_sha256", "version_id"], unique=True,
        postgresql_where=NAMED, sqlite_where=NAMED,
    )  # fmt: skip
    op.create_index(
        "request_open", "request", ["declaration_id"], unique=True, postgresql_where=WAITS, sqlite_where=WAITS
    )
    if on_postgresql:
        _show_requests()


def _add_columns_while_others_write() -> None:
    with op.get_context().autocommit_block():
        # An upgrade that was ended in its middle begins here again, and may find the columns and half an index.
        for table, name, kind in COLUMNS:
            op.add_column(table, sa.Column(name, kind), if_not_exists=True)
        op.execute("SET lock_timeout = 0")  # it waits for all transactions under way, and nobody waits for it
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(INDEX, "version", ["due_at"], postgresql_where=DUE, postgresql_concurrently=True)
        op.execute("RESET lock_timeout")


def _show_requests() -> None:
    for role, condition in READERS.items():
        op.execute(f"GRANT SELECT ON request TO {role}")
        op.execute(f"CREATE POLICY {role} ON request FOR SELECT TO {role} USING ({condition})")
    others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
    op.execute(f"CREATE POLICY singlewindow_service ON request USING ({others}) WITH CHECK ({others})")
    op.execute("ALTER TABLE request ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("request")
    op.drop_index(INDEX, "version")
    for table, name, _ in reversed(COLUMNS):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(name)
