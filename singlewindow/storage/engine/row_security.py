"""Row security, the second defence on PostgreSQL: a query for a reader runs as a role that sees only the reader's rows.

The queries name the owner themselves; if one forgets it, the database still shows nothing of others. The role and the
reader's name hold for one transaction and are set in one statement. Writing transactions and workers do not use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, text

from singlewindow.storage.engine.connect import reading

ROLES: Final = ("singlewindow_trader", "singlewindow_agency", "singlewindow_auditor")
"""The readers' roles: made by the migrations, without login; the service's own role is a member of each."""
_TAKE_PLACE = text("SELECT set_config('role', :role, true), set_config('singlewindow.reader', :name, true)")
_MISSING = text(
    "SELECT name FROM unnest(CAST(:roles AS text[])) AS name"
    " LEFT JOIN pg_roles ON rolname = name WHERE rolname IS NULL OR NOT pg_has_role(current_user, oid, 'MEMBER')"
    " OR (pg_has_role(current_user, oid, 'USAGE') AND row_security_active('declaration'))"
)


class Reader(NamedTuple):
    """A reader: the database's role, and the party or agency whose rows it sees."""

    role: str
    name: str = ""


def of_party(party: str) -> Reader:
    """A reader that sees one party's declarations."""
    return Reader(ROLES[0], party)


def of_agency(code: str) -> Reader:
    """A reader that sees what one agency was asked."""
    return Reader(ROLES[1], code)


AUDITOR: Final = Reader(ROLES[2])
"""A reader that sees every declaration, and no secrets of keys."""


@contextmanager
def reading_as(engine: Engine, reader: Reader) -> Iterator[Connection]:
    """A read-only transaction that sees what this reader may see, all at one moment."""
    with reading(engine, together=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_TAKE_PLACE, reader._asdict())
        yield connection


def missing_roles(connection: Connection) -> list[str]:
    """The readers' roles that this connection's own role cannot switch to, or wrongly inherits."""
    if connection.dialect.name != "postgresql":
        return []
    return [str(row.name) for row in connection.execute(_MISSING, {"roles": [*ROLES]})]
