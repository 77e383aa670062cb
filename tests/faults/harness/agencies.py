"""The agencies' side: systems that send answers by themselves, change their manners, or must be left alone."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

import httpx

from tests.agency_server import GARBAGE, AgencyServer

SEND_SECONDS = 15.0


class Manner(NamedTuple):
    """Modes of the agency server that come in turn, each for some seconds."""

    modes: Sequence[str]
    seconds: float


HEALTHY = "healthy"
MANNERS: Mapping[str, Manner] = {
    HEALTHY: Manner(["green"], 60.0),
    "slow": Manner(["slow"], 60.0),
    "hanging": Manner(["hang"], 60.0),
    "flapping": Manner(["500", "green"], 5.0),
    "garbage": Manner([*GARBAGE, "flood", "compressed", "reset"], 0.2),
}


class Behaving:
    """While the block lasts the agency has this manner; then it is healthy again."""

    def __init__(self, server: AgencyServer, manner: Manner) -> None:
        self._server, self._manner = server, manner
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="manner")

    def __enter__(self) -> Behaving:
        self._server.mode = self._manner.modes[0]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._server.mode = "green"

    def _run(self) -> None:
        for mode in itertools.cycle(self._manner.modes):
            self._server.mode, self._server.sent = mode, 0
            if self._ending.wait(self._manner.seconds):
                return


class AgencyClient:
    """Sends an agency's answers to the service; safe to call from many threads."""

    def __init__(self, url: str, key: str, agency: str) -> None:
        self.url, self.agency = url, agency
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(trust_env=False, limits=limits, headers=headers, timeout=SEND_SECONDS)

    def send(self, question: str, answer: Mapping[str, Any], agency: str | None = None) -> httpx.Response:
        """Answer a question, in another agency's name where `agency` says so."""
        return self.http.post(f"{self.url}/v1/agencies/{agency or self.agency}/assessments/{question}", json=answer)


class Canary:
    """A port that nobody may connect to."""

    def __init__(self) -> None:
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True, name="canary").start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            near.close()

    def __enter__(self) -> Canary:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
