"""A pooled connection is asked whether it stands where it may not, and only there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from singlewindow.storage.engine import pool_ping
from singlewindow.storage.engine.connect import open_engine

PID = "SELECT pg_backend_pid()"


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(postgres_url, pool_size=2)
    yield engine
    engine.dispose()


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that were asked."""
    found: list[object] = []
    ask = engine.dialect.do_ping

    def noted(connection: object) -> bool:
        found.append(connection)
        return ask(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.dialect, "do_ping", noted)
    return found


def number(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def test_one_that_was_just_used_is_not_asked(engine: Engine, asked: list[object]) -> None:
    assert len({number(engine, PID) for _ in range(5)}) == 1
    assert asked == []


def test_one_that_has_rested_is_asked(engine: Engine, asked: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_ping, "RESTED_SECONDS", 0.0)
    assert len({number(engine, PID) for _ in range(3)}) == 1
    assert len(asked) == 2


def test_one_that_the_server_has_ended_is_replaced_and_nobody_notices(
    engine: Engine, postgres_url: str, asked: list[object]
) -> None:
    before = number(engine, PID)
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    number(admin, f"SELECT pg_terminate_backend({before}, 5000)::int")
    admin.dispose()
    assert number(engine, PID) != before
    assert len(asked) == 1


def test_one_that_was_closed_here_is_replaced(engine: Engine) -> None:
    with engine.connect() as connection:
        driver_connection = connection.connection.driver_connection
    assert driver_connection is not None
    driver_connection.close()
    assert number(engine, "SELECT 1") == 1
