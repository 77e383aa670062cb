"""Brings a database's tables up to this version of the service."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from singlewindow.storage.engine.connect import clock, open_engine
from singlewindow.storage.engine.revision import MIGRATIONS, Tables, compare_tables, revision_of
from singlewindow.storage.trail import audit_chain


def migrate(database_url: str) -> str | None:
    """Upgrade the database to the newest tables; does nothing if it has them. Returns the revision it had, if any."""
    engine = open_engine(database_url, pool_size=1, patient=True)
    try:
        before = revision_of(engine)
        upgrade(engine)
        return before
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Upgrade through an open engine, and chain the events of older processes.

    Raises ValueError if a later version has upgraded it further.
    """
    if compare_tables(engine) is Tables.NEWER:
        raise ValueError("The database's tables are of a later version of the service; start that version")
    config = _alembic_config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    last: int | None = 0
    while last is not None:
        with engine.begin() as connection:
            last = audit_chain.adopt_events(connection, clock(connection), last)


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
