"""Every process of `deploy/` is started as its unit or container starts it, and together they decide a declaration."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.audit.checkpoint import new_key
from singlewindow.storage.engine.connect import open_engine
from tests import servers
from tests.deployment import (
    CREDENTIALS,
    Start,
    compose,
    compose_start,
    lay_out,
    services,
    unit_start,
)
from tests.documents import DECLARANT, original
from tests.e2e.service import request, wait_until

pytestmark = pytest.mark.service

PATIENCE = 60.0
DRAIN_SECONDS = 20.0
# systemd hands its sockets over as file descriptor 3, and forbids memory that is written and then run. Linux 6.3 can
# forbid that without systemd; elsewhere the call changes nothing.
AS_SYSTEMD = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0);"
    "os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
)


class Host:
    """A folder laid out like the image, secrets in files, and the processes started from there."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.place, self._secrets, self._log = folder / "opt", folder / "secrets", folder / "log"
        self.place.mkdir()
        lay_out(self.place, folder / "source")
        self._laid_out = self._files()
        self._secrets.mkdir()
        secrets = {"database-url": database_url, "redis-url": redis_url, "audit-key": new_key().strip()}
        for name, secret in secrets.items():
            (self._secrets / name).write_text(f"{secret}\n", encoding="utf-8")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.simulator_url = f"sqlite:///{folder / 'simulator.db'}"

    def _files(self) -> list[Path]:
        return sorted(self.place.rglob("*"))

    def unchanged(self) -> bool:
        """Whether the processes have written nothing where they were installed."""
        return self._files() == self._laid_out

    def environment(self, start: Start) -> dict[str, str]:
        """The process's whole environment, secrets where they are on this host."""
        given = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1", "SW_SIMULATOR_DATABASE_URL": self.simulator_url}
        for name, value in start.environment.items():
            given[name] = value.replace(CREDENTIALS, str(self._secrets)).replace("/run/secrets", str(self._secrets))
        return given

    def start(self, start: Start, *, under_systemd: bool) -> None:
        """Start it, and keep it."""
        command = [sys.executable, "-m", "singlewindow", *start.words]
        if under_systemd:
            command = [sys.executable, "-c", AS_SYSTEMD, str(self.listening.fileno()), *command]
        elif start.words[0] == "web":
            self.listening.close()
            command += ["--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self.processes[start.name] = subprocess.Popen(
                command, cwd=self.place, env=self.environment(start), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(self.listening.fileno(),) if under_systemd else (),
            )  # fmt: skip

    def run(self, start: Start) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        command = [sys.executable, "-m", "singlewindow", *start.words]
        environment = self.environment(start)
        return subprocess.run(
            command, cwd=self.place, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def ready(self) -> bool:
        try:
            return request("GET", f"http://127.0.0.1:{self.port}/readyz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def drain(self) -> dict[str, int]:
        """SIGTERM to all; each one's exit status."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(DRAIN_SECONDS) for name, process in self.processes.items()}

    def close(self) -> None:
        self.listening.close()
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def record_url(postgres_url: str) -> Iterator[str]:
    with servers.database(postgres_url) as url:
        yield url


@pytest.fixture
def host(tmp_path: Path, record_url: str, queue_url: str) -> Iterator[Host]:
    made = Host(tmp_path, record_url, queue_url)
    try:
        yield made
    finally:
        made.close()


def lodged_and_decided(host: Host, record_url: str) -> None:
    engine = open_engine(record_url, pool_size=1)
    key = keyring.create_key(engine, Role.TRADER, party=DECLARANT, name="dry start").text
    engine.dispose()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    address = f"http://127.0.0.1:{host.port}/v1/declarations"
    answer = request("POST", address, content=original("DRY1"), headers=headers, timeout=PATIENCE)
    assert answer.status_code == 202, answer.text
    url = make_url(record_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: connection.execute("SELECT count(*) FROM decision").fetchone() == (1,), PATIENCE, host.log)
        wait_until(lambda: connection.execute("SELECT count(*) FROM checkpoint").fetchone() != (0,), PATIENCE, host.log)
    assert "checkpoints are signed with the key " in host.log()


def test_the_units_start_serve_and_drain(host: Host, record_url: str) -> None:
    servers.migrate(record_url)
    servers.migrate(host.simulator_url)
    for path in services():
        host.start(unit_start(path), under_systemd=True)
    wait_until(host.ready, PATIENCE, host.log)
    lodged_and_decided(host, record_url)
    assert host.drain() == dict.fromkeys(host.processes, 0)
    assert host.unchanged()


def test_the_containers_start_serve_are_well_and_drain(host: Host, record_url: str) -> None:
    upgraded = host.run(compose_start("upgrade"))
    assert upgraded.returncode == 0, upgraded.stderr
    for name in ("web", "worker", "remote-worker", "dispatcher", "deliverer"):
        host.start(compose_start(name), under_systemd=False)
    wait_until(host.ready, PATIENCE, host.log)
    _, _, *check = compose()["services"]["web"]["healthcheck"]["test"]
    asked = [sys.executable, *(word.replace("8080", str(host.port)) for word in check)]
    assert subprocess.run(asked, check=False).returncode == 0
    lodged_and_decided(host, record_url)
    told = host.run(compose_start("doctor"))
    assert all(f"{kind} alive" in told.stdout for kind in ("dispatcher: 1", "workers: 2")), told.stdout
    assert "checkpoints: the last was made" in told.stdout
    assert f"agencies in {host.place}/singlewindow/shipped/config" in told.stdout
    assert host.drain() == dict.fromkeys(host.processes, 0)
    assert host.unchanged()
