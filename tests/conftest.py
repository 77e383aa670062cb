"""What every test may ask for: a database on both engines, a queue, each its own and each real.

A test that takes `database_url` runs twice, on SQLite and on PostgreSQL; nothing is skipped where an engine is missing.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest
import redis
from sqlalchemy.engine import make_url

from tests import properties, servers

ENGINES = ("sqlite", "postgresql")
properties.use_profile()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave one engine of each test to `make test`, half of the tests each, and the other to `make test-service`.

    Without an expression in -m both run.
    """
    twice: dict[str, dict[str, pytest.Item]] = {}
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        for engine in ENGINES:
            if engine in parameters.values():
                twice.setdefault(item.nodeid.replace(engine, ""), {})[engine] = item
    for base, on in twice.items():
        other = on.get(ENGINES[crc32(base.encode()) % len(ENGINES)])
        if other is not None and len(on) == len(ENGINES):
            other.add_marker(pytest.mark.other_engine)


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_noted_behind_the_tests_back() -> Iterator[None]:
    """The last use of keys is noted a minute later, when a test's database is long gone; tests note it themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("singlewindow.access.keyring.run_later", lambda _seconds, _act: None)
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of a PostgreSQL server; make databases of your own there, and use no other."""
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> Iterator[str]:
    """The name of a database with all tables and no rows, to copy from; never connect to it."""
    with servers.database(postgres_url) as url:
        servers.migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows, to copy from; never write to it."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite"
    servers.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database of the test's own, once on each engine."""
    if request.param == "sqlite":
        yield copy_file(request.getfixturevalue("migrated_sqlite"), tmp_path / "singlewindow.sqlite")
        return
    template = request.getfixturevalue("migrated_postgres")
    with servers.database(request.getfixturevalue("postgres_url"), template) as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without tables, once on each engine: for the tests of the migrations themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with servers.database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture(scope="session")
def queue_server_url() -> Iterator[str]:
    """The queue server of the whole run; take `queue_url` instead, which is empty at the start of each test."""
    with servers.queue_server() as url:
        yield url


@pytest.fixture
def queue_url(queue_server_url: str) -> str:
    """The redis URL of an empty queue server."""
    with redis.Redis.from_url(queue_server_url) as client:
        client.flushall()
    return queue_server_url


def copy_file(original: Path, copy: Path) -> str:
    """Copy a database of SQLite; the URL of the copy."""
    # A backup and not a file copy: whatever the migration left in a write-ahead log comes along.
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return f"sqlite:///{copy}"
