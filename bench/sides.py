"""The sides of a comparison: real processes with a database and a queue server of their own, and what they must yield.

A side that is not being measured rests: its dispatcher, which looks for work by itself, is stopped meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.orm import Session

from bench.baseline.models import Base, Key
from bench.harness.documents import PARTIES, party
from bench.harness.servers import Servers
from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.storage.engine.connect import open_engine
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import Process, wait_until
from tests.faults.harness.servers import QueueServer
from tests.places import CONFIGURATION, REPOSITORY

READY_SECONDS = 60.0
DEADLINE = 600.0
"""Seconds that every agency has: a slow machine must not be taken for a silent agency."""


class Side:
    """What a run needs of a side; `kinds` are its processes by kind, the database's among them."""

    name: str
    port: int
    keys: list[str]
    engine: Engine
    servers: Servers
    open_work: str
    outcomes: str

    def kinds(self) -> dict[str, list[int]]:
        """Pids by kind of process."""
        raise LookupError(self.name)

    def wake(self) -> None:
        """Work again after a rest."""

    def rest(self) -> None:
        """Use nothing until woken."""

    def number(self, query: str, **values: int) -> int:
        """The one number a query gives."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(query), values).scalar() or 0)

    def column(self, query: str, **values: int) -> list[float]:
        """The first column of what a query gives."""
        with self.engine.connect() as connection:
            return [float(row[0]) for row in connection.execute(text(query), values)]

    def wait_decided(self, seconds: float) -> None:
        """Wait until nothing is open."""
        wait_until(lambda: self.number(self.open_work) == 0, seconds, f"{self.name} has decided everything")

    def last_decision(self) -> float:
        """When the newest decision was made, in seconds since 1970."""
        return self.number("SELECT max(decided_at) FROM decision") / 1e6

    def decided(self) -> dict[str, str]:
        """The outcome of every declaration, by its LRN."""
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(text(self.outcomes))}

    def wrong(self, lodged: int) -> list[str]:
        """What is not as it must be once `lodged` declarations are decided."""
        counts = {
            "declarations": ("SELECT count(*) FROM declaration", lodged),
            "decisions": ("SELECT count(*) FROM decision", lodged),
            "references decided": (f"SELECT count(DISTINCT lrn) FROM ({self.outcomes}) AS found", lodged),  # noqa: S608
            "notices": ("SELECT count(*) FROM notice", 2 * lodged),
            "questions open": (self.open_work, 0),
            "answers told to agencies": ("SELECT count(*) FROM assessment", self.number(FED)),
            "assessed events": ("SELECT count(*) FROM event WHERE kind = 'assessed'", self.number(FED)),
        }
        found = {what: (self.number(query), expected) for what, (query, expected) in counts.items()}
        return [f"{self.name}: {n} {what}, not {must}" for what, (n, must) in found.items() if n != must]


FED = "SELECT count(*) FROM feed WHERE kind = 'decided'"


class Ours(Side):
    """The product: web, dispatcher and workers as in production, on PostgreSQL or, `embedded`, on SQLite."""

    open_work = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM batch)"
    outcomes = """SELECT declaration.lrn, decision.outcome FROM decision
                  JOIN version ON version.id = decision.version_id
                  JOIN declaration ON declaration.id = version.declaration_id"""

    def __init__(self, name: str, servers: Servers, config: Path, workers: int, *, embedded: bool = False) -> None:
        self.name, self.servers, self._embedded = name, servers, embedded
        folder = servers.folder / name.replace(" ", "-")
        folder.mkdir(mode=0o711)
        self.installation = Installation(None, folder, DEADLINE, _given_settings())
        shutil.rmtree(self.installation.config)
        shutil.copytree(config, self.installation.config)
        if not embedded:
            url = servers.database(migrated=True)
            self.installation.record_url = self.installation.database_url = url
        if os.environ.get("REDIS_URL") and not embedded:
            self.installation.redis_url = os.environ["REDIS_URL"]
        self.address = self.installation.record_url
        self.installation.open()
        self.engine = create_engine(self.installation.record_url, pool_size=1)
        self.port = int(self.installation.url.rsplit(":", 1)[1])
        self.keys = _make_keys(self.installation.record_url)
        self.installation.web()
        self.installation.dispatcher()
        for _ in range(workers):
            self.installation.worker()

    def wait_ready(self) -> None:
        """Wait until requests are answered."""
        self.installation.wait_ready()

    def kinds(self) -> dict[str, list[int]]:
        """Web, dispatcher, worker, queue server, and the database if it is a process of its own."""
        pids = {kind: [each.pid for each in self.installation.all(kind)] for kind in ("web", "dispatcher", "worker")}
        return pids | {
            "queue server": [self.installation.queue.process.pid],
            "database": [] if self._embedded else self.servers.pids,
        }

    def rest(self) -> None:
        """Stop the dispatcher between two transactions."""
        (dispatcher,) = self.installation.all("dispatcher")
        for _ in range(100):
            dispatcher.signal(signal.SIGSTOP)
            time.sleep(0.02)
            if self._embedded or self.number(BUSY) == 0:
                return
            dispatcher.signal(signal.SIGCONT)
            time.sleep(0.01)

    def wake(self) -> None:
        """Let the dispatcher go on."""
        for dispatcher in self.installation.all("dispatcher"):
            dispatcher.signal(signal.SIGCONT)

    def close(self) -> None:
        """End its processes."""
        self.wake()
        self.engine.dispose()
        self.installation.close()


BUSY = """SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""


def _make_keys(url: str) -> list[str]:
    engine = open_engine(url, pool_size=1)
    try:
        parties = map(party, range(PARTIES))
        return [keyring.create_key(engine, Role.TRADER, party=each, name="bench").text for each in parties]
    finally:
        engine.dispose()


def _given_settings() -> dict[str, str]:
    """What `singlewindow up` gives the web process, and settings of the product that `SW_...` variables name."""
    named = {name: value for name, value in os.environ.items() if name.startswith("SW_") and name != "SW_CONFIG"}
    return {"SW_PROCESSOR": "1"} | named


class Rival(Side):
    """A side with one web process and two workers: `package` is its folder under `bench`, and its queue's name."""

    open_work = "SELECT count(*) FROM declaration WHERE decided_at IS NULL"
    outcomes = """SELECT declaration.lrn, decision.outcome FROM decision
                  JOIN declaration ON declaration.id = decision.declaration_id"""

    def __init__(self, package: str, servers: Servers, config: Path, workers: int) -> None:
        self.name, self.servers = package, servers
        self._folder = folder = servers.folder / package
        folder.mkdir(mode=0o711)
        self._queue = QueueServer(folder)
        self._queue.start()
        url = servers.database(migrated=False)
        self.engine = create_engine(url, pool_size=1)
        Base.metadata.create_all(self.engine)
        self.keys = [secrets.token_hex(32) for _ in range(PARTIES)]
        with Session(self.engine) as session:
            owners = [
                {"secret_sha256": hashlib.sha256(key.encode()).digest(), "party": party(number)}
                for number, key in enumerate(self.keys)
            ]
            session.execute(insert(Key), owners)
            session.commit()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        redis_url = os.environ.get("REDIS_URL") or self._queue.url
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SW_")}
        environment |= {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "SW_CONFIG": str(config),
            "PYTHONPATH": str(REPOSITORY),
        }
        options = {"cwd": str(REPOSITORY)}

        def process(kind: str, *command: str) -> Process:
            words = [sys.executable, "-m", *command]
            made = Process(f"{package} {kind}", words, environment, folder / f"{kind}.log", started_as=options)
            made.start()
            return made

        self._web = process("web", f"bench.{package}.web", str(self.port))
        self._workers = [process("worker", "bench.harness.worker", package) for _ in range(workers)]

    def wait_ready(self) -> None:
        """Wait until connections are taken."""
        wait_until(self._answers, READY_SECONDS, f"{self.name} listens")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
        except OSError:
            return False
        return True

    def kinds(self) -> dict[str, list[int]]:
        """Web, worker, queue server, database."""
        return {
            "web": [self._web.pid],
            "worker": [each.pid for each in self._workers],
            "queue server": [self._queue.process.pid],
            "database": self.servers.pids,
        }

    def close(self) -> None:
        """End its processes."""
        self.engine.dispose()
        for process in (self._web, *self._workers, self._queue.process):
            process.kill()
        shutil.rmtree(self._folder)


class Load(msgspec.Struct, frozen=True):
    """Which agencies are asked: those concerned, as shipped, or every agency about every declaration."""

    name: str
    all_asked: bool = False


ROUTED, ALL_ASKED = Load("as routed"), Load("all nine asked", all_asked=True)


@contextmanager
def configuration(servers: Servers, load: Load) -> Iterator[Path]:
    """The shipped configuration with long deadlines, for this load."""
    folder = servers.folder / f"config-{load.name.replace(' ', '-')}"
    shutil.copytree(CONFIGURATION, folder)
    for described in folder.glob("agencies/*/agency.toml"):
        lines = described.read_text(encoding="utf-8").splitlines()
        described.write_text("\n".join(_changed(line, load) for line in lines) + "\n", encoding="utf-8")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _changed(line: str, load: Load) -> str:
    if line.startswith("deadline_seconds"):
        return f"deadline_seconds = {DEADLINE}"
    return "always = true" if load.all_asked and line.startswith("always") else line
