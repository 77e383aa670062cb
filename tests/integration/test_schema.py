"""The migrations and the tables in code say the same, on both databases."""

from __future__ import annotations

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import IntegrityError

from singlewindow.storage import counters
from singlewindow.storage.engine import client_timeout
from singlewindow.storage.engine import migrate as migrations
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.migrate import migrate
from singlewindow.storage.engine.revision import REVISIONS, Tables, compare_tables, is_current
from singlewindow.storage.tables import metadata


def test_the_migrations_make_exactly_the_tables_in_code(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_names_of_the_migrations_are_their_revisions_in_order() -> None:
    scripts = ScriptDirectory.from_config(migrations._alembic_config())
    assert [script.revision for script in scripts.walk_revisions()] == [*reversed(REVISIONS)]


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
    config = migrations._alembic_config()
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
    assert compare_tables(engine) is Tables.OLDER
    migrate(empty_database_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT form FROM version").scalar_one() == 1
        assert counters.totals(connection) == {("decided", "inspect"): 1, ("unanswered", "customs", "silent"): 1}
    engine.dispose()


def _at(revision: str, database_url: str) -> Engine:
    engine = open_engine(database_url, pool_size=3)
    config = migrations._alembic_config()
    config.attributes["engine"] = engine
    command.upgrade(config, revision)
    return engine


WRITE = "INSERT INTO event (at, kind, actor, detail) VALUES (1, 'parked', 'older', '{}')"


def test_who_writes_events_does_not_wait_for_their_index_nor_it_for_a_limit_of_time(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _at("0004", empty_database_url)
    if engine.dialect.name == "sqlite":  # one writer at a time, and a file that one process upgrades
        return
    monkeypatch.setattr(client_timeout, "ANSWER_SECONDS", 0.5)
    with engine.connect() as writer, engine.connect() as another:
        writer.exec_driver_sql(WRITE)
        upgrading = threading.Thread(target=migrate, args=[empty_database_url])
        upgrading.start()
        upgrading.join(3.0)
        assert upgrading.is_alive()
        another.exec_driver_sql(WRITE)
        another.commit()
        writer.commit()
    upgrading.join()
    assert (is_current(engine), *map(_index_is_valid, (engine, engine), INDEXES)) == (True, True, True)
    engine.dispose()


def test_what_an_upgrade_left_that_was_ended_in_its_middle_is_made_whole(empty_database_url: str) -> None:
    engine = _at("0004", empty_database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX event_stream_number ON event (stream, number)")
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'event_stream_number'::regclass"
            )
    migrate(empty_database_url)
    assert engine.dialect.name == "sqlite" or _index_is_valid(engine, "event_stream_number")
    engine.dispose()


@pytest.mark.parametrize("columns", [1, 2])
def test_an_upgrade_to_the_subjects_of_events_that_was_ended_in_its_middle_goes_on(
    empty_database_url: str, columns: int
) -> None:
    engine = _at("0009", empty_database_url)
    if engine.dialect.name == "sqlite":  # there it is one transaction
        return
    with engine.begin() as connection:
        for name in ("subject_kind", "subject_id")[:columns]:
            connection.exec_driver_sql(f"ALTER TABLE event ADD COLUMN {name} TEXT")
        if columns == 2:
            connection.exec_driver_sql("CREATE INDEX event_subject ON event (subject_kind)")
            connection.exec_driver_sql(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'event_subject'::regclass"
            )
    migrate(empty_database_url)
    assert (is_current(engine), _index_is_valid(engine, "event_subject")) == (True, True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


INDEXES = ("event_stream_number", "event_subject")


def _index_is_valid(engine: Engine, name: str) -> bool:
    with engine.connect() as connection:
        query = f"SELECT indisvalid FROM pg_index WHERE indexrelid = '{name}'::regclass"
        return bool(connection.exec_driver_sql(query).scalar_one())


LODGED = (
    "INSERT INTO declaration VALUES (1, 'M', 'P', 'L', 'IMA', 'ZZ', 0)",
    "INSERT INTO version (id, declaration_id, number, media, received, received_sha256, canonical, content_sha256,"
    " warnings, routing, received_at, lodged_at) VALUES (1, 1, 1, 'm', '', '', '', '', '', '', 0, 0)",
)
OPEN = "INSERT INTO outbox (version_id, agency, asked_at, due_at, deadline_at) VALUES (1, '{}', 0, 0, 0)"
ANSWER = "INSERT INTO assessment VALUES (1, 'health', 'assessed', 'green', '', 0, 0, 0)"
LATE = "INSERT INTO late_assessment VALUES (1, 'health', '', 0)"
# What processes of the release before say.
OLDER = (
    "INSERT INTO assessment (version_id, agency, answer, lane, body, asked_at, dispatched_at, answered_at)"
    " VALUES (1, 'customs', 'assessed', 'green', '', 0, 0, 0)",
    "INSERT INTO decision (version_id, number, outcome, lane, contradictory, fingerprint, body, decided_at)"
    " VALUES (1, 1, 'release', 'green', false, '', '', 0) ON CONFLICT (version_id) DO NOTHING",
    "INSERT INTO notice (party, version_id, function_code, reference, issued_at, number)"
    " VALUES ('P', 1, '08', 'R', 0, 1)",
    "INSERT INTO feed (agency, version_id, kind, at, number) VALUES ('customs', 1, 'decided', 0, 1)",
    OPEN.format("food"),
    "INSERT INTO late_assessment (version_id, agency, body, received_at) VALUES (1, 'food', '', 0)"
    " ON CONFLICT (version_id, agency) DO NOTHING",
)


def test_open_work_and_answers_are_carried_over_as_the_first_round(empty_database_url: str) -> None:
    engine = _at("0010", empty_database_url)
    with engine.begin() as connection:
        for statement in (*LODGED, OPEN.format("customs"), ANSWER, LATE):
            connection.exec_driver_sql(statement)
    migrate(empty_database_url)
    with engine.begin() as connection:
        for table in ("outbox", "assessment", "late_assessment"):
            assert connection.exec_driver_sql(f"SELECT version_id, round FROM {table}").all() == [(1, 1)]
        assert connection.exec_driver_sql("SELECT decision_number FROM version").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT answered_at FROM assessment").scalar_one() == 0
    engine.dispose()


def test_processes_of_the_release_before_write_on_and_never_over_a_later_round(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    with engine.begin() as connection:
        for statement in (*LODGED, *OLDER):
            connection.exec_driver_sql(statement)
        for table in ("feed", "notice"):
            assert connection.exec_driver_sql(f"SELECT decision_number FROM {table}").scalar_one() == 1
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(OLDER[0])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(OPEN.format("food"))
    with engine.begin() as connection:
        connection.exec_driver_sql(OLDER[0].replace("answered_at)", "answered_at, round)").replace("0, 0)", "0, 0, 2)"))
    engine.dispose()


def test_who_answers_does_not_wait_for_the_new_keys_to_be_built(empty_database_url: str) -> None:
    engine = _at("0011", empty_database_url)
    if engine.dialect.name == "sqlite":  # one writer at a time, and a file that one process upgrades
        return
    with engine.begin() as connection:
        for statement in LODGED:
            connection.exec_driver_sql(statement)
    with engine.connect() as writer, engine.connect() as another:
        writer.exec_driver_sql(OLDER[0].replace("customs", "health"))
        upgrading = threading.Thread(target=migrate, args=[empty_database_url])
        upgrading.start()
        upgrading.join(1.0)
        assert upgrading.is_alive()
        another.exec_driver_sql(OLDER[0])
        another.commit()
        writer.commit()
    upgrading.join()
    assert is_current(engine)
    engine.dispose()


def test_new_keys_that_were_begun_and_not_finished_are_made_whole(empty_database_url: str) -> None:
    engine = _at("0011", empty_database_url)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE UNIQUE INDEX assessment_new_key ON assessment (version_id, agency, round)"
            )
    migrate(empty_database_url)
    with engine.connect() as connection:
        key = inspect(connection).get_pk_constraint("assessment")["constrained_columns"]
        assert key == ["version_id", "agency", "round"]
    engine.dispose()


def test_an_earlier_version_does_not_touch_the_tables_of_a_later_one(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url, pool_size=1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ValueError, match="later version"):
        migrate(empty_database_url)
    engine.dispose()
