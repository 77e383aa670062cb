"""The servers that rows kill, freeze and fill: PostgreSQL with fsync on, and the queue server, in private folders."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import redis

from tests import servers
from tests.faults.harness.processes import Process, children, tell_undertaker, wait_until
from tests.server_guard import identity
from workers.queue_server import find_queue_binary, queue_command

START_SECONDS = 60.0
ACCOUNT = servers.UNPRIVILEGED if os.geteuid() == 0 else "-"


def private_folder(prefix: str) -> Path:
    """A folder that is removed however this run ends; its path is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp")).resolve()
    folder.chmod(0o711)
    tell_undertaker(str(folder))
    return folder


class PostgresTemplate:
    """Binaries, and a data folder with the product's tables, made once and copied for every row."""

    def __init__(self) -> None:
        self.folder = private_folder("faults-pg-")
        self.binaries = servers._postgres_binaries(self.folder, ACCOUNT)
        self.data = servers._owned(self.folder / "data", ACCOUNT)
        servers._initialise(self.binaries, self.data, ACCOUNT)
        first = Postgres(self.binaries, self.data, self.folder)
        first.start()
        try:
            with servers.administrator(first.maintenance_url) as connection:
                connection.execute("CREATE DATABASE singlewindow")
            servers.migrate(first.url)
        finally:
            first.stop()

    def copy(self, folder: Path) -> Postgres:
        """A server of a row's own, not yet started."""
        data = folder / "pgdata"
        shutil.copytree(self.data, data, symlinks=True)
        if ACCOUNT != "-":
            for path in (data, *data.rglob("*")):
                shutil.chown(path, ACCOUNT)
        data.chmod(0o700)
        return Postgres(self.binaries, data, folder)


class Postgres:
    """One database server; fsync is on, as rows kill everything at once."""

    def __init__(self, binaries: Path, data: Path, folder: Path) -> None:
        self.data = data
        run = folder / "pgrun"
        if not run.exists():
            servers._owned(run, ACCOUNT)
        self.socket = run / ".s.PGSQL.5432"
        self.url = f"postgresql+psycopg://postgres@/singlewindow?host={run}"
        self.maintenance_url = f"postgresql+psycopg://postgres@/postgres?host={run}"
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(run), "-c", "listen_addresses="]
        who = identity(ACCOUNT)
        environment = who.pop("env", dict(os.environ))
        self.process = Process("postgres", command, environment, folder / "postgres.log", started_as=who)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process.start()
        wait_until(self.answers, START_SECONDS, "PostgreSQL answers")

    def answers(self) -> bool:
        """Whether it takes a connection now."""
        try:
            with closing(self.connect("postgres")):
                return True
        except psycopg.OperationalError:
            return False

    def connect(self, database: str = "singlewindow") -> psycopg.Connection[tuple[object, ...]]:
        """A connection past the product, autocommitting."""
        host = str(self.socket.parent)
        return psycopg.connect(host=host, user="postgres", dbname=database, autocommit=True, connect_timeout=3)

    def stop(self) -> None:
        """Fast shutdown."""
        self._ask(signal.SIGINT)

    def stop_immediately(self) -> None:
        """`pg_ctl stop -m immediate`: no shutdown checkpoint, so the next start recovers."""
        self._ask(signal.SIGQUIT)

    def _ask(self, number: int) -> None:
        if self.process.alive():
            os.kill(self.process.pid, number)
            self.process.wait(START_SECONDS)
            tell_undertaker(f"-{self.process.pid}")

    def kill(self) -> None:
        """SIGKILL to the postmaster and every backend."""
        if self.process.alive():
            pids = [self.process.pid, *children(self.process.pid)]
            _signal_each(pids, signal.SIGKILL)
            self.process.wait(START_SECONDS)
            wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 20.0, "backends are gone")

    def freeze(self) -> None:
        """SIGSTOP to the postmaster and every backend."""
        _signal_each([self.process.pid], signal.SIGSTOP)
        _signal_each(children(self.process.pid), signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to all of them."""
        _signal_each([self.process.pid, *children(self.process.pid)], signal.SIGCONT)


def _signal_each(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class QueueServer:
    """One queue server; `options` are its own command line's, added last."""

    def __init__(self, folder: Path, options: tuple[str, ...] = ()) -> None:
        self.folder = folder / "queue"
        command, self.url = queue_command(find_queue_binary(), self.folder)
        self.socket = self.folder / "queue.sock"
        log = folder / "queue.log"
        self.process = Process("queue server", [*command, *options], dict(os.environ), log)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process.start()
        wait_until(self.answers, START_SECONDS, "the queue server answers")

    def answers(self) -> bool:
        """Whether it answers now."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A client past the product."""
        client: redis.Redis = redis.Redis.from_url(self.url, socket_timeout=5.0)
        return client

    def empty_folder(self) -> None:
        """Forget what it kept on disk; it must not run."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
