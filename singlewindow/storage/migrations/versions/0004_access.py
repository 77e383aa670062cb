"""Who may call, and who sees what: scopes, expiry and last use of keys; mandates of brokers; PostgreSQL's row policies.

Only adds: older processes work on beside it. A table's owner, and every role that is not one of the readers', sees and
writes all rows as before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TRADER, AGENCY, AUDITOR = "singlewindow_trader", "singlewindow_agency", "singlewindow_auditor"
READER = "current_setting('singlewindow.reader', true)"
OF_READER = f"agency = {READER}"
ANSWERED_OR_ASKED = " OR ".join(
    f"EXISTS (SELECT FROM {table} WHERE {table}.version_id = version.id AND {table}.agency = {READER})"
    for table in ("outbox", "assessment")
)


def _of_visible_version(table: str) -> str:
    return f"EXISTS (SELECT FROM version WHERE version.id = {table}.version_id)"


# What each role sees of a table. What one policy asks of another table is answered under that table's own policy.
VISIBLE = {
    TRADER: {
        "declaration": f"party = {READER}",
        "version": "EXISTS (SELECT FROM declaration WHERE declaration.id = version.declaration_id)",
        "event": "kind IN ('lodged', 'decided') AND " + _of_visible_version("event"),
        "decision": _of_visible_version("decision"),
        "notice": f"party = {READER}",
    },
    AGENCY: {
        "feed": OF_READER,
        "outbox": OF_READER,
        "assessment": OF_READER,
        "version": ANSWERED_OR_ASKED,
        "declaration": "EXISTS (SELECT FROM version WHERE version.declaration_id = declaration.id)",
        "decision": _of_visible_version("decision"),
    },
    AUDITOR: dict.fromkeys(
        ("declaration", "version", "event", "outbox", "assessment", "late_assessment", "decision", "notice", "feed"),
        "true",
    ),
}


def upgrade() -> None:
    op.add_column("principal", sa.Column("scopes", sa.Text(), server_default="", nullable=False))
    op.add_column("principal", sa.Column("expires_at", sa.BigInteger()))
    op.add_column("principal", sa.Column("last_used_at", sa.BigInteger()))
    op.create_table(
        "mandate",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mandate_broker_party", "mandate", ["broker", "party"])
    if op.get_bind().dialect.name == "postgresql":
        for role, tables in VISIBLE.items():
            _make_role(role)
            for table, condition in tables.items():
                op.execute(f"GRANT SELECT ON {table} TO {role}")
                op.execute(f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({condition})")
        for table in VISIBLE[AUDITOR]:
            others = f"current_user NOT IN ('{TRADER}', '{AGENCY}', '{AUDITOR}')"
            op.execute(f"CREATE POLICY singlewindow_service ON {table} USING ({others}) WITH CHECK ({others})")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def _make_role(role: str) -> None:
    """Roles belong to the whole server: another database, or the administrator, may have made it already."""
    op.execute(f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE {role} NOLOGIN;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- made at the same moment
        END $$""")
    op.execute(f"""
        DO $$ BEGIN
            IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                EXECUTE format('GRANT {role} TO %I', current_user);
            END IF;
        END $$""")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in VISIBLE[AUDITOR]:
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            op.execute(f"DROP POLICY singlewindow_service ON {table}")
        for role, tables in VISIBLE.items():
            for table in tables:
                op.execute(f"DROP POLICY {role} ON {table}")
                op.execute(f"REVOKE SELECT ON {table} FROM {role}")
    op.drop_table("mandate")
    with op.batch_alter_table("principal") as principal:
        principal.drop_column("last_used_at")
        principal.drop_column("expires_at")
        principal.drop_column("scopes")
