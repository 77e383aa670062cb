"""An installation whose servers and processes each stand on a host of their own, and meet over TCP only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.faults.harness.client import Client
from tests.faults.harness.hosts import Host, Network
from tests.faults.harness.installation import LONG_DEADLINE, PARTIES, PRODUCT, Installation
from tests.faults.harness.processes import Process
from tests.faults.harness.servers import Postgres, PostgresTemplate, private_folder

WEBS: Final = ("web-1", "web-2")
DISPATCHERS: Final = ("dispatch-1", "dispatch-2")
WORKERS: Final = ("work-1", "work-2")
PORTS: Final = {"web-1": 8080, "web-2": 8080, "database": 5432, "queue": 6379}


class SeparateHosts(Installation):
    """One process of the product on each host, one server on each host, and the trader on another.

    The servers keep sockets in the private folder too, for the checker; the product is told TCP addresses only.
    """

    def __init__(self, postgres: Postgres, network: Network) -> None:
        super().__init__(postgres, postgres.data.parent, LONG_DEADLINE, {})
        self.network = network
        self.trader, self.database, self.queues = (network[name] for name in ("trader", "database", "queue"))
        self.database_url = f"postgresql+psycopg://postgres@{self.database.address}/singlewindow"
        self.redis_url = f"redis://{self.queues.address}:{PORTS['queue']}/0"
        self._let_servers_listen(postgres)

    def _let_servers_listen(self, postgres: Postgres) -> None:
        # Of an option that is given twice, both servers take the last.
        words = ["-c", f"listen_addresses={self.database.address}"]
        postgres.process.command = [*postgres.process.command, *words]
        with (postgres.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {self.database.address}/24 trust\n")
        words = ["--port", str(PORTS["queue"]), "--bind", self.queues.address, "--protected-mode", "no"]
        self.queue.process.command = [*self.queue.process.command, *words]

    def open(self) -> None:
        """Start the servers, each on its host, and one process of the product on each of the others."""
        assert self.postgres is not None
        with self.database.entered():
            self.postgres.start()
        with self.queues.entered():
            self.queue.start()
        for names, start in ((WEBS, self.web_of_a_host), (DISPATCHERS, self.dispatcher), (WORKERS, self.worker)):
            for name in names:
                with self.on(name):
                    start()
        with self.trader.entered():
            for name in WEBS:
                self.url = self.address_of(name)
                self.wait_ready()

    @contextmanager
    def on(self, name: str) -> Iterator[Host]:
        """What is started in the block is started on this host, and again there when it has ended."""
        own = self.keeper
        with self.network[name].entered() as host:
            self.keeper = host.keeper
            try:
                yield host
            finally:
                self.keeper = own

    def web_of_a_host(self) -> Process:
        """Start a web process that listens on the host's own address."""
        words = ("web", "--host", "0.0.0.0", "--port", str(PORTS["web-1"]))
        return self._start("web", (*PRODUCT, *words), True, {})

    def address_of(self, web: str) -> str:
        """The URL of one web host."""
        return f"http://{self.network[web].address}:{PORTS[web]}"

    def traders(self) -> list[Client]:
        """A client for each party, on the web host of that party."""
        made = []
        for web in WEBS:
            self.url = self.address_of(web)
            made += [self.client(party) for party in self.parties_of(web)]
        return made

    def parties_of(self, web: str) -> tuple[str, ...]:
        """The parties that lodge at this web host."""
        return PARTIES[WEBS.index(web) :: len(WEBS)]

    def decided(self) -> int:
        """How many declarations are decided."""
        return self.number("SELECT count(*) FROM decision")

    def close(self) -> None:
        """End what runs on the hosts before the servers end."""
        for name in (*WEBS, *DISPATCHERS, *WORKERS):
            self.network[name].keeper.end()
        super().close()


@contextmanager
def separate_hosts(template: PostgresTemplate) -> Iterator[SeparateHosts]:
    """All hosts running, until the block ends; raises NotPermittedError where hosts cannot be made."""
    network = Network(("trader", "database", "queue", *WEBS, *DISPATCHERS, *WORKERS))
    here = SeparateHosts(template.copy(private_folder("faults-hosts-")), network)
    try:
        here.open()
        yield here
    finally:
        here.close()
        network.close()
