"""Brings a database's tables up to this version of the service."""

from __future__ import annotations

import time

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from singlewindow.storage.engine.connect import clock, open_engine
from singlewindow.storage.engine.revision import MIGRATIONS, Tables, compare_tables, revision_of
from singlewindow.storage.trail import audit_chain

GIVEN_WAY = frozenset({"55P03", "40P01"})
"""PostgreSQL's codes for a lock that was not to be had in time, and for a deadlock."""
TRIES, PAUSE_SECONDS = 40, 0.5


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

    On PostgreSQL each migration gives way to who writes meanwhile, and is tried again. Raises ValueError if a later
    version has upgraded it further, OperationalError if a lock was not to be had in any of `TRIES`.
    """
    if compare_tables(engine) is Tables.NEWER:
        raise ValueError("The database's tables are of a later version of the service; start that version")
    config = _alembic_config()
    config.attributes["engine"] = engine
    _upgrade_between_writers(config)
    last: int | None = 0
    while last is not None:
        with engine.begin() as connection:
            last = audit_chain.adopt_events(connection, clock(connection), last)


def _upgrade_between_writers(config: Config) -> None:
    for left in reversed(range(TRIES)):
        try:
            command.upgrade(config, "head")
            return
        except OperationalError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in GIVEN_WAY:
                raise
            time.sleep(PAUSE_SECONDS)  # who was kept waiting behind it goes first


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
