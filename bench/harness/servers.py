"""The servers under all sides: PostgreSQL as the fault tests start it (fsync on), unless the environment names one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests import servers
from tests.faults.harness.servers import Postgres, PostgresTemplate, private_folder


class Servers:
    """A PostgreSQL server on which every side has its own database; `pids` is empty if it is somebody else's."""

    def __init__(self, stack: ExitStack, folder: Path, postgres: Postgres | None) -> None:
        self.folder = folder
        self._stack, self._postgres = stack, postgres
        self._maintenance = postgres.maintenance_url if postgres else _given()

    @property
    def pids(self) -> list[int]:
        """The server's first process; its backends are its children."""
        return [self._postgres.process.pid] if self._postgres else []

    def database(self, migrated: bool) -> str:
        """URL of a new database, with the product's tables or empty, dropped at the end."""
        url = self._stack.enter_context(servers.database(self._maintenance))
        if migrated:
            servers.migrate(url)
        return url

    def version(self) -> str:
        """What the server calls itself."""
        address = make_url(self._maintenance).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "unknown"


def _given() -> str:
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


@contextmanager
def running_servers() -> Iterator[Servers]:
    """PostgreSQL and a folder for everything else, for as long as the block."""
    folder = private_folder("bench-")
    postgres = None
    try:
        with ExitStack() as stack:
            if not os.environ.get("DATABASE_URL"):
                template = PostgresTemplate()
                stack.callback(shutil.rmtree, template.folder, ignore_errors=True)
                postgres = template.copy(folder)
                postgres.start()
                stack.callback(postgres.kill)
            yield Servers(stack, folder, postgres)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
