"""A whole installation for one row: own servers, own folder, and every process of the product started by itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.storage.engine.connect import open_engine
from tests import servers
from tests.faults.harness.agencies import AgencyClient
from tests.faults.harness.checker import check
from tests.faults.harness.client import Client, Load, Log, Making
from tests.faults.harness.processes import Keeper, Process, wait_until
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.servers import Postgres, PostgresTemplate, QueueServer, private_folder
from tests.places import CONFIGURATION, REPOSITORY
from workers.queues import ASSESS_REMOTE

PARTIES = ("GB111111111111", "GB222222222222", "GB333333333333")
READY_SECONDS = 60.0
SETTLE_SECONDS = 60.0
LONG_DEADLINE = 300.0
KEPT_OUT = {"DATABASE_URL", "REDIS_URL", "FAULT_POINT", "CLOCK_OFFSET_S"}
PRODUCT = (sys.executable, "-m", "singlewindow")
# The product's worker with agencies that can be poisoned; everything else of it is the product's.
POISONABLE = (sys.executable, "-m", "tests.faults.harness.poisonable_worker")
AGENCY_KEY = "FAULT_TEST_AGENCY_KEY"


class Installation:
    """Servers run when it is made; processes of the product are started by the row."""

    def __init__(self, postgres: Postgres | None, folder: Path, deadline: float, settings: Mapping[str, str]) -> None:
        self.folder, self.postgres, self.deadline = folder, postgres, deadline
        self.queue = QueueServer(folder)
        self.keeper = Keeper()
        self.log = Log()
        self._settings = dict(settings)
        self._proxies: list[Proxy] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listening.set_inheritable(True)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.record_url = postgres.url if postgres else f"sqlite:///{folder / 'singlewindow.db'}"
        self.database_url, self.redis_url = self.record_url, self.queue.url
        self.config = _shortened(folder / "config", deadline)
        self._counts: dict[str, int] = {}
        self._clients: list[Client | AgencyClient] = []
        self._engine: Engine | None = None

    def open(self) -> None:
        """Start the servers."""
        if self.postgres:
            self.postgres.start()
        else:
            servers.migrate(self.record_url)
        self.queue.start()

    def through_database_proxy(self) -> Proxy:
        """From now on processes reach PostgreSQL through this proxy."""
        assert self.postgres is not None
        proxy = self._proxy(self.postgres.socket)
        self.database_url = f"postgresql+psycopg://postgres@127.0.0.1:{proxy.port}/singlewindow"
        return proxy

    def through_queue_proxy(self) -> Proxy:
        """From now on processes reach the queue server through this proxy."""
        proxy = self._proxy(self.queue.socket)
        self.redis_url = f"redis://127.0.0.1:{proxy.port}/0"
        return proxy

    def through_agency_proxy(self, port: int) -> Proxy:
        """A proxy to an agency's system on this port; give its own port to `make_remote`."""
        return self._proxy(("127.0.0.1", port))

    def make_remote(self, agency: str, url: str, **remote: float) -> None:
        """Processes that start from now on ask this agency over HTTP; `remote` are further values of its [remote]."""
        folder = self.config / "agencies" / agency
        table = {"url": url, "key_env": AGENCY_KEY, "allow_http": True} | remote
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
        described = folder / "agency.toml"
        content = described.read_text().replace('adapter = "profiles"', 'adapter = "remote"')
        described.write_text(f"{content}\n[remote]\n{lines}\n")
        (folder / "profiles.toml").unlink()
        self._settings[AGENCY_KEY] = "key-given-by-the-agency"

    def leave_to_officers(self, agency: str) -> None:
        """In processes that start from now on, people answer for this agency."""
        folder = self.config / "agencies" / agency
        described = folder / "agency.toml"
        described.write_text(described.read_text().replace('adapter = "profiles"', 'adapter = "officer"'))
        (folder / "profiles.toml").unlink()

    def _proxy(self, upstream: Path | tuple[str, int]) -> Proxy:
        proxy = Proxy(upstream)
        self._proxies.append(proxy)
        return proxy

    def web(self, kept: bool = True, **settings: str) -> Process:
        """Start a web process; all of them share one listening socket, as under `singlewindow up`."""
        number = str(self._listening.fileno())
        command = (*PRODUCT, "web", "--fd", number)
        return self._start("web", command, kept, settings, (self._listening.fileno(),))

    def dispatcher(self, kept: bool = True, **settings: str) -> Process:
        """Start a dispatcher."""
        return self._start("dispatcher", (*PRODUCT, "dispatch"), kept, settings)

    def worker(self, kept: bool = True, poisonable: bool = False, **settings: str) -> Process:
        """Start a queue worker."""
        command = POISONABLE if poisonable else (*PRODUCT, "worker")
        return self._start("worker", command, kept, settings)

    def deliverer(self, kept: bool = True, **settings: str) -> Process:
        """Start a deliverer."""
        return self._start("deliverer", (*PRODUCT, "deliver"), kept, settings)

    def remote_worker(self, kept: bool = True, **settings: str) -> Process:
        """Start a worker for agencies that are asked over HTTP."""
        return self._start("remote worker", (*PRODUCT, "worker", "--queue", ASSESS_REMOTE), kept, settings)

    def start(self, web: int = 1, workers: int = 2, dispatchers: int = 1, remote_workers: int = 0) -> None:
        """Start a usual set of processes, and wait until the service is ready."""
        for _ in range(web):
            self.web()
        for _ in range(dispatchers):
            self.dispatcher()
        for _ in range(workers):
            self.worker()
        for _ in range(remote_workers):
            self.remote_worker()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until requests are answered."""
        wait_until(self.ready, READY_SECONDS, f"the web is ready\n{self.logs()[-3000:]}")

    def ready(self) -> bool:
        """Whether the service says that it is ready."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0, trust_env=False, verify=False).status_code == 200
        except httpx.HTTPError:
            return False

    def all(self, name: str) -> list[Process]:
        """The running processes of one kind: web, dispatcher, worker or remote worker."""
        return [process for process in self.keeper.processes if process.name.startswith(name)]

    def _start(
        self, kind: str, command: tuple[str, ...], kept: bool, settings: dict[str, str], passes: tuple[int, ...] = ()
    ) -> Process:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        name = f"{kind} {self._counts[kind]}"
        log = self.folder / f"{name.replace(' ', '-')}.log"
        options = {"cwd": str(REPOSITORY)}
        return self.keeper.add(Process(name, command, self.environment() | settings, log, passes, options, kept))

    def environment(self) -> dict[str, str]:
        """The environment of the product's processes."""
        own = {name: value for name, value in os.environ.items() if name not in KEPT_OUT and not name.startswith("SW_")}
        return own | {
            "DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, "SW_CONFIG": str(self.config),
            "SW_DATA": str(self.folder), "PYTHONPATH": str(REPOSITORY), **self._settings,
        }  # fmt: skip

    def client(self, party: str = PARTIES[0]) -> Client:
        """A client with a fresh key of this party."""
        client = Client(self.url, self._key(Role.TRADER, party=party), party, self.log)
        self._clients.append(client)
        return client

    def agency_client(self, agency: str, person: str = "") -> AgencyClient:
        """An agency's system that sends answers by itself, or a person of it, with a fresh key of this agency."""
        client = AgencyClient(self.url, self._key(Role.AGENCY, agency=agency, person=person), agency)
        self._clients.append(client)
        return client

    def _key(self, role: Role, party: str | None = None, agency: str | None = None, person: str = "") -> str:
        engine = open_engine(self.record_url, pool_size=1)
        try:
            return keyring.create_key(engine, role, party, agency, name="fault test", person=person).text
        finally:
            engine.dispose()

    def load(self, rate: float = 8.0, name: str = "LOAD", make: Making = Client.declaration) -> Load:
        """Lodgements of three parties at a steady rate, while the block lasts."""
        return Load([self.client(party) for party in PARTIES], rate, name, make)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Read the record, past the product."""
        if self._engine is None:
            self._engine = create_engine(self.record_url, pool_size=1, pool_pre_ping=True)
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def number(self, query: str) -> int:
        """The one number a query gives."""
        return int(str(self.rows(query)[0][0]))

    def settle(self, seconds: float = SETTLE_SECONDS) -> float:
        """Wait until no question is open and no batch is under way; the seconds it took."""
        return wait_until(self._settled, seconds, f"no question is open\n{self.logs()[-3000:]}")

    def _settled(self) -> bool:
        with suppress(Exception):  # the database may still be on its way back
            return self.number("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM batch)") == 0
        return False

    def verdict(self) -> list[str]:
        """What the checker finds wrong, once everything has settled."""
        queue_url = self.queue.url if self.queue.answers() else None
        return check(self.record_url, self.log, queue_url, self.folder, self.deadline)

    def logs(self) -> str:
        """What the product's processes have written."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*-*.log")))

    def close(self) -> None:
        """End everything and remove the folder."""
        for client in self._clients:
            client.http.close()
        self.keeper.end()
        if self._engine is not None:
            self._engine.dispose()
        for proxy in self._proxies:
            proxy.close()
        self.queue.process.kill()
        if self.postgres:
            self.postgres.kill()
        self._listening.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _shortened(folder: Path, deadline: float) -> Path:
    """The shipped configuration, every agency with this deadline."""
    shutil.copytree(CONFIGURATION, folder)
    for path in folder.glob("agencies/*/agency.toml"):
        content = re.sub(r"(?m)^deadline_seconds = .*$", f"deadline_seconds = {deadline}", path.read_text())
        path.write_text(content)
    return folder


@contextmanager
def installation(
    template: PostgresTemplate | None, deadline: float = LONG_DEADLINE, settings: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """An installation on PostgreSQL, or on SQLite where `template` is None, that ends with the block."""
    folder = private_folder("faults-")
    postgres = template.copy(folder) if template else None
    made = Installation(postgres, folder, deadline, settings or {})
    try:
        made.open()
        yield made
    finally:
        made.close()
