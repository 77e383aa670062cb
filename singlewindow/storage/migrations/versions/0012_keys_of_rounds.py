"""Answers are keyed by version, agency and round.

The new keys are built while others go on writing; large tables take minutes. Then they take the old ones' place at once.

Older processes work on beside them. An answer to a later round, which they do not know, breaks the key: they write
nothing, and a newer process answers. Their late answers go where they went, under the old key.

The key of open questions stays: at most one of an agency's on a version is open, so that an older process, which does
not know of rounds, can never take two questions for one.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("assessment",)
OLD_KEY, NEW_KEY = ("version_id", "agency"), ("version_id", "agency", "round")


def upgrade() -> None:
    _change_keys(NEW_KEY)


def downgrade() -> None:
    _change_keys(OLD_KEY)


def _change_keys(key: Sequence[str]) -> None:
    for table in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            _swap_key(table, key)
        else:
            _copy_with_key(table, key)


def _swap_key(table: str, key: Sequence[str]) -> None:
    index = f"{table}_new_key"
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for all transactions under way, and nobody waits for it
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")  # what was ended in its middle is no index
        op.create_index(index, table, key, unique=True, postgresql_concurrently=True)
        op.execute("RESET lock_timeout")
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey,"
            f" ADD CONSTRAINT {table}_pkey PRIMARY KEY USING INDEX {index}"
        )


def _copy_with_key(table: str, key: Sequence[str]) -> None:
    columns = sa.inspect(op.get_bind()).get_columns(table)
    names = ", ".join(column["name"] for column in columns)
    copied = [
        sa.Column(each["name"], each["type"], nullable=each["nullable"],
                  server_default=sa.text(each["default"]) if each["default"] else None)
        for each in columns
    ]  # fmt: skip
    constraints = (sa.ForeignKeyConstraint(["version_id"], ["version.id"]), sa.PrimaryKeyConstraint(*key))
    op.create_table(f"{table}_new", *copied, *constraints)
    op.execute(f"INSERT INTO {table}_new ({names}) SELECT {names} FROM {table}")
    op.drop_table(table)
    op.rename_table(f"{table}_new", table)
