"""Supporting documents: what they are and what they are about, and what a party answers when they are asked for.

Only adds: their bytes are kept in a store beside the database.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
OF_VISIBLE = "EXISTS (SELECT FROM declaration WHERE declaration.id = document.declaration_id)"
ANSWER_TO_VISIBLE = "EXISTS (SELECT FROM version WHERE version.id = documents_answer.version_id)"
READERS = {
    "document": {TRADER: f"agency = '' AND {OF_VISIBLE}", AGENCY: OF_VISIBLE, AUDITOR: "true"},
    "documents_answer": {TRADER: ANSWER_TO_VISIBLE, AGENCY: ANSWER_TO_VISIBLE, AUDITOR: "true"},
}
SHOWN_BEFORE = ("lodged", "decided", "requested", "answered", "amended", "cancelled", "arrived", "reported",
                "milestone", "lapsed", "queried", "explained")  # fmt: skip
SHOWN = (*SHOWN_BEFORE, "document", "documents-given")


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("declaration_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("scan", sa.Text(), nullable=False),
        sa.Column("scan_words", sa.Text(), server_default="", nullable=False),
        sa.Column("scanned_at", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), server_default="", nullable=False),
        sa.Column("line", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("finding", sa.Text(), server_default="", nullable=False),
        sa.Column("for_agency", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["declaration_id"], ["declaration.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    once = ["declaration_id", "sha256", "agency", "item", "line", "query", "question", "finding"]
    op.create_index("document_once", "document", once, unique=True)
    op.create_table(
        "documents_answer",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_number", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("documents", sa.LargeBinary(), nullable=False),
        sa.Column("rounds", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version_id", "decision_number", name="documents_answer_once"),
    )
    op.add_column("outbox", sa.Column("documents_answer_id", sa.BigInteger()))
    if op.get_bind().dialect.name == "postgresql":
        for table, conditions in READERS.items():
            _protect(table, conditions)
        _show_events(SHOWN)


def _protect(table: str, conditions: dict[str, str]) -> None:
    for role, condition in conditions.items():
        op.execute(f"GRANT SELECT ON {table} TO {role}")
        op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({condition})")
    others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
    op.execute(f"CREATE POLICY singlewindow_service ON {table} USING ({others}) WITH CHECK ({others})")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _show_events(kinds: tuple[str, ...]) -> None:
    visible = "EXISTS (SELECT FROM version WHERE version.id = event.version_id)"
    op.execute(f"ALTER POLICY {TRADER} ON event USING (kind IN {kinds} AND {visible})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _show_events(SHOWN_BEFORE)
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_column("documents_answer_id")
    op.drop_table("documents_answer")
    op.drop_table("document")
