"""The servers that the tests stand on are real, separate for each test, and gone when their session is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from tests import servers
from tests.places import REPOSITORY

HOLDS_A_SERVER = (
    "from tests import servers\nwith servers.queue_server() as url:\n    print(url, flush=True)\n    input()"
)


def connected(url: str) -> Connection:
    return create_engine(url, poolclass=NullPool).connect()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_database_of_its_own(database_url: str, turn: str) -> None:
    with connected(database_url) as connection:
        connection.execute(text("CREATE TABLE mark_of_a_test (turn text)"))
        connection.execute(text("INSERT INTO mark_of_a_test VALUES (:turn)"), {"turn": turn})
        assert connection.scalar(text("SELECT count(*) FROM mark_of_a_test")) == 1
        connection.commit()


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    with connected(empty_database_url) as connection:
        assert inspect(connection).get_table_names() == []


def test_a_new_postgresql_database_is_a_copy_of_its_template(postgres_url: str) -> None:
    with servers.database(postgres_url) as template:
        with connected(template) as connection:
            connection.execute(text("CREATE TABLE office (name text)"))
            connection.commit()
        with (
            servers.database(postgres_url, template.split("/")[-1].split("?")[0]) as copy,
            connected(copy) as connection,
        ):
            assert inspect(connection).get_table_names() == ["office"]


def test_the_database_server_never_runs_as_root(postgres_url: str) -> None:
    if "TEST_DATABASE_URL" in os.environ:
        pytest.skip("the database server is not ours: TEST_DATABASE_URL is set")
    with connected(postgres_url) as connection:
        folder = connection.scalar(text("SHOW data_directory"))
    assert Path(str(folder)).stat().st_uid != 0


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_an_empty_queue(queue_url: str, turn: str) -> None:
    with redis.Redis.from_url(queue_url) as client:
        assert client.rpush("dispatch", turn) == 1


def test_a_killed_session_leaves_no_server_behind() -> None:
    command = [sys.executable, "-c", HOLDS_A_SERVER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as session:
        assert session.stdout is not None
        socket = Path(session.stdout.readline().strip().removeprefix("unix://").removesuffix("?db=0"))
        assert socket.exists()
        session.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while socket.parents[1].exists():
        assert time.monotonic() < deadline, "the server's directory is still there"
        time.sleep(0.05)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="no such luck"),
        servers._guarded(tmp_path, "-", ["/bin/sh", "-c", "echo no such luck; exit 3"], lambda: False),
    ):
        pass
