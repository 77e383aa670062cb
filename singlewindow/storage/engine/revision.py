"""Compares a database's tables with this version; every process does this, so it does not load the migrations."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Engine, column, inspect, select, table

from singlewindow.shipped import package_folder

MIGRATIONS: Final = package_folder("singlewindow.storage", "migrations")
REVISIONS: Final = tuple(sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))
"""All that this version knows, the newest last; each migration's file begins with its own."""
_MARK = table("alembic_version", column("version_num"))


class Tables(StrEnum):
    """How a database's tables compare with this version of the service."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    NONE = "none"


def revision_of(engine: Engine) -> str | None:
    """The migration that the database's tables are at; None if there are no tables."""
    with engine.connect() as connection:
        marked = inspect(connection).has_table(_MARK.name)
        return connection.execute(select(_MARK.c.version_num)).scalar() if marked else None


def compare_tables(engine: Engine) -> Tables:
    """How the tables compare; newer ones come from a later version, whose migrations this one does not know."""
    standing = revision_of(engine)
    if standing is None:
        return Tables.NONE
    if standing == REVISIONS[-1]:
        return Tables.CURRENT
    return Tables.OLDER if standing in REVISIONS else Tables.NEWER


def is_current(engine: Engine) -> bool:
    """Whether the database is at the newest migration."""
    return compare_tables(engine) is Tables.CURRENT
