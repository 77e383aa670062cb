"""A whole running service in a temporary folder, as `singlewindow up` starts it, for tests that use it as a user."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate
from singlewindow.storage.engine.connect import open_engine
from tests.places import CONFIGURATION

START_SECONDS = 180.0  # patience only: on a busy machine all processes start at once
END_SECONDS = 20.0


class Service:
    """`singlewindow up` in `folder`; may be killed and started again there, on the same port.

    `settings` are added to the environment.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] = {}) -> None:
        self.folder, self._settings = folder, settings
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the supervisor and wait until the service is ready."""
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        command = [sys.executable, "-m", "singlewindow", "up", "--data", str(self.folder), "--port", str(self.port)]
        with (self.folder / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment | {**self._settings}, stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._answers, START_SECONDS, self.log)

    def runs(self) -> bool:
        """Whether it was started and has not ended since."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """End it in order; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(END_SECONDS)

    def processes(self) -> dict[str, int]:
        """The process id of each child by its name, and of the supervisor."""
        assert self._process is not None
        lines = (self.folder / "processes").read_text(encoding="utf-8").splitlines()
        named = {name: int(pid) for pid, name in (line.split(" ", 1) for line in lines)}
        return named | {"supervisor": self._process.pid}

    def kill(self, name: str) -> None:
        """SIGKILL to one process; a killed supervisor is waited for."""
        os.kill(self.processes()[name], signal.SIGKILL)
        if name == "supervisor" and self._process is not None:
            self._process.wait(END_SECONDS)

    def key(self, role: Role, party: str | None = None, agency: str | None = None) -> str:
        """A fresh key of this role."""
        with self._record() as engine:
            return keyring.create_key(engine, role, party=party, agency=agency, name="test").text

    def mandate(self, broker: str, party: str) -> None:
        """Let a broker act for a party."""
        with self._record() as engine:
            grant_mandate(engine, broker, party)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Read from the record directly, past the service."""
        with closing(sqlite3.connect(self.folder / "singlewindow.db", timeout=10)) as connection:
            return connection.execute(statement).fetchall()

    def lodged_and_decided(self, party: str) -> tuple[object, ...]:
        """How many declarations of a party there are, and how many decisions on them."""
        (counts,) = self.query(
            f"""SELECT count(DISTINCT declaration.id), count(decision.version_id) FROM declaration
                JOIN version ON version.declaration_id = declaration.id
                LEFT JOIN decision ON decision.version_id = version.id WHERE declaration.party = '{party}'"""
        )
        return counts

    def log(self) -> str:
        """What the service has written."""
        return (self.folder / "service.log").read_text(encoding="utf-8")

    @contextmanager
    def _record(self) -> Iterator[Engine]:
        engine = open_engine(f"sqlite:///{self.folder / 'singlewindow.db'}", pool_size=1)
        try:
            yield engine
        finally:
            engine.dispose()

    def _answers(self) -> bool:
        try:
            return request("GET", f"{self.url}/readyz", timeout=1.0).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def running_service(folder: Path, settings: Mapping[str, str] = {}) -> Iterator[Service]:
    """A started service that is ended, whatever happens."""
    service = Service(folder, settings)
    try:
        service.start()
        yield service
    finally:
        if service.runs():
            service.stop()


def patient_config(folder: Path) -> Path:
    """The shipped configuration with deadlines of five minutes, so that a slow machine is not taken for silence."""
    shutil.copytree(CONFIGURATION, folder)
    for described in folder.glob("agencies/*/agency.toml"):
        text = described.read_text(encoding="utf-8")
        described.write_text(re.sub(r"deadline_seconds = \d+", "deadline_seconds = 300", text), encoding="utf-8")
    return folder


def request(method: str, url: str, **what: Any) -> httpx.Response:
    """One call within this machine, without loading certificate authorities: that takes a hundred times as long."""
    return httpx.request(method, url, trust_env=False, verify=False, **what)


def wait_until(ready: Callable[[], bool], seconds: float, explain: Callable[[], str] = lambda: "") -> None:
    """Wait for `ready`; fails with `explain` when the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"not ready after {seconds} s\n{explain()}"
        time.sleep(0.05)
