"""Bringing a database to the tables this version of the service needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from singlewindow.storage.engines import open_engine

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database_url: str) -> None:
    """Upgrade the database to the newest tables; does nothing where they are there already."""
    engine = open_engine(database_url, pool_size=1)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Upgrade through an open engine."""
    config = _config()
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Whether the database stands at the newest migration."""
    with engine.connect() as connection:
        standing = MigrationContext.configure(connection).get_current_revision()
    return standing == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
