"""The migrations and the tables in code say the same, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from singlewindow.storage import schema, tallies
from singlewindow.storage.engines import open_engine
from singlewindow.storage.schema import Tables, is_current, migrate, tables
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


def test_an_upgrade_leaves_what_older_processes_wrote_and_counts_it(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url, pool_size=1)
    config = schema._config()
    config.attributes["engine"] = engine
    command.upgrade(config, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO declaration VALUES (1, 'M', 'P', 'L', 'IMA', 'ZZ', 0)",
        )
        connection.exec_driver_sql(
            "INSERT INTO version (id, declaration_id, number, media, received, received_sha256, canonical,"
            " content_sha256, warnings, routing, received_at, lodged_at)"
            " VALUES (1, 1, 1, 'm', '', '', '', '', '', '', 0, 0)"
        )
        connection.exec_driver_sql("INSERT INTO decision VALUES (1, 1, 'inspect', 'red', false, '', '', 0)")
        connection.exec_driver_sql("INSERT INTO assessment VALUES (1, 'customs', 'silent', 'orange', '', 0, 0, 0)")
    assert tables(engine) is Tables.OLDER
    migrate(empty_database_url)
    with engine.connect() as connection:
        assert tallies.totals(connection) == {("decided", "inspect"): 1, ("unanswered", "customs", "silent"): 1}
    engine.dispose()


def test_an_earlier_version_does_not_touch_the_tables_of_a_later_one(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ValueError, match="later version"):
        migrate(empty_database_url)
    engine.dispose()
