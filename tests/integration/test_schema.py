"""The migrations and the tables in code say the same, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from singlewindow.storage.engines import open_engine
from singlewindow.storage.schema import is_current, migrate
from singlewindow.storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_in_code(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    assert is_current(engine)
    engine.dispose()


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url, pool_size=1)
    assert not is_current(engine)
    engine.dispose()
