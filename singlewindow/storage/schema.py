"""Bringing a database to the tables this version of the service needs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from singlewindow.storage import trail
from singlewindow.storage.engines import clock, open_engine

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database_url: str) -> None:
    """Upgrade the database to the newest tables; does nothing where they are there already."""
    engine = open_engine(database_url, pool_size=1, patient=True)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Upgrade through an open engine, and chain the events of older processes.

    Raises ValueError where a later version has upgraded it further.
    """
    if tables(engine) is Tables.NEWER:
        raise ValueError("The database's tables are of a later version of the service; start that version")
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    last: int | None = 0
    while last is not None:
        with engine.begin() as connection:
            last = trail.adopt(connection, clock(connection), last)


class Tables(StrEnum):
    """How a database's tables stand to this version of the service."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    NONE = "none"


def tables(engine: Engine) -> Tables:
    """How the tables stand; newer ones were made by a later version, whose migrations this one does not know."""
    with engine.connect() as connection:
        standing = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if standing is None:
        return Tables.NONE
    if standing == scripts.get_current_head():
        return Tables.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Tables.OLDER if standing in known else Tables.NEWER


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest migration."""
    return tables(engine) is Tables.CURRENT


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
