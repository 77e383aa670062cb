"""What differs between PostgreSQL and SQLite, in one place: opening, transactions, the clock, and row locks.

Both engines run the same SQL otherwise. Writing transactions on SQLite take the write lock at their start, so that
the row locks PostgreSQL needs are no-ops there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, create_engine, event, literal_column, make_url
from sqlalchemy.engine import URL

from singlewindow.storage.engine.client_timeout import limit_waiting
from singlewindow.storage.engine.pool_ping import ask_where_in_doubt
from singlewindow.storage.trail import audit_chain

OLDEST_SQLITE = (3, 35)  # RETURNING
WAIT_MILLISECONDS = 5_000
# Julian days carry milliseconds only; the seconds and their fraction are read apart to stay exact.
_SQLITE_CLOCK = (
    "(CAST(strftime('%s','now') AS INTEGER) * 1000000 + CAST(substr(strftime('%f','now'), 4) AS INTEGER) * 1000)"
)
_SQLITE_TIME = literal_column(_SQLITE_CLOCK, BigInteger)
_POSTGRESQL_TIME = literal_column("(extract(epoch FROM statement_timestamp()) * 1000000)::bigint", BigInteger)
POSTGRESQL_SESSION = (
    "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC"
)
# Shorter than the second after which PostgreSQL looks for a deadlock: the migration gives way, never who writes.
PATIENT_SESSION = "-c lock_timeout=500 -c timezone=UTC"


def open_engine(database_url: str, pool_size: int = 10, *, patient: bool = False) -> Engine:
    """The engine for `postgresql+psycopg://...` or `sqlite:///FILE`; raises ValueError for another kind of database.

    A `patient` one is for migrations: its statements may take as long as a large table makes them, but wait for a lock
    half a second only, since everybody who comes after waits behind them.
    """
    url = make_url(database_url)
    kinds = {"sqlite": _open_sqlite, "postgresql": _open_postgresql}
    if url.get_backend_name() not in kinds:
        raise ValueError(f"DATABASE_URL names {url.get_backend_name()}; use postgresql+psycopg:// or sqlite:///")
    engine = kinds[url.get_backend_name()](url, pool_size, patient)
    audit_chain.append_at_commit(engine)
    return engine


def _open_postgresql(url: URL, pool_size: int, patient: bool) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=3,
        connect_args={"connect_timeout": 3, "options": PATIENT_SESSION if patient else POSTGRESQL_SESSION},
    )
    ask_where_in_doubt(engine)
    if not patient:
        limit_waiting(engine)
    return engine


def _open_sqlite(url: URL, _pool_size: int, _patient: bool) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ValueError(f"SQLite {sqlite3.sqlite_version} is too old: version 3.35 or newer is needed")
    engine = create_engine(url, connect_args={"timeout": WAIT_MILLISECONDS / 1000})

    @event.listens_for(engine, "do_connect")
    def create_private(_dialect: Any, _record: Any, _positional: list[Any], _named: dict[str, Any]) -> None:
        # SQLite gives the log and the shared memory beside the database the rights of the database.
        if url.database and not url.database.startswith((":memory:", "file:")):
            with suppress(OSError):  # it exists, or SQLite says why it cannot be opened
                os.close(os.open(url.database, os.O_CREAT | os.O_EXCL, 0o600))

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading_only = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine, *, together: bool = False) -> Iterator[Connection]:
    """A connection that only reads: it never waits for writers.

    On PostgreSQL each statement runs alone, without a transaction, unless `together` asks for one: then all statements
    see the record at one moment. On SQLite they always do.
    """
    with engine.connect() as connection:
        level = {"isolation_level": "REPEATABLE READ" if together else "AUTOCOMMIT"}
        yield connection.execution_options(reading=True, **(level if connection.dialect.name == "postgresql" else {}))


def clock(connection: Connection) -> int:
    """The database's time: microseconds since 1970 UTC. Leases, deadlines and events use no other clock."""
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql(f"SELECT {_SQLITE_CLOCK}").scalar_one())
    query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    return int(connection.exec_driver_sql(query).scalar_one())


def statement_time(connection: Connection) -> ColumnElement[int]:
    """The same clock inside a statement: one moment for the whole of it, so that an index can be asked for it."""
    return _SQLITE_TIME if connection.dialect.name == "sqlite" else _POSTGRESQL_TIME
