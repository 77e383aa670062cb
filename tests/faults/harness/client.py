"""A careful client: it writes down what it sent and every answer, and sends again until it knows.

The log is its own: the checker holds the service to what this client was told, not to what the service says of itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import httpx

from tests.documents import PLAIN, in_the_name_of, original
from tests.generator import Generator

PATIENCE_SECONDS = 120.0
TRY_SECONDS = 15.0
PAUSE_SECONDS = 0.2
THREADS = 48
# Between one and several agencies are asked about these.
EXAMPLES = (PLAIN, "24-blank-firing-pistols.xml", "32-detonators-without-licence.xml", "45-refrigerant-r22.xml")
XML, JSON = "application/xml", "application/json"


@dataclass(frozen=True)
class Sending:
    """One declaration as it is sent."""

    party: str
    lrn: str
    content: bytes
    media: str = XML


@dataclass(frozen=True)
class Answer:
    """One attempt: when it began, how long it took, the status (0: none came), and what it said."""

    sending: Sending
    began: float
    seconds: float
    status: int
    body: dict[str, Any] = field(default_factory=dict)
    retry_after: str | None = None
    failure: str = ""

    @property
    def mrn(self) -> str | None:
        """The MRN the service named, if it did."""
        return self.body.get("mrn")


class Log:
    """What the client knows; safe to share between threads."""

    def __init__(self) -> None:
        self._answers: list[Answer] = []
        self._lock = threading.Lock()

    def add(self, answer: Answer) -> Answer:
        """Write one attempt down."""
        with self._lock:
            self._answers.append(answer)
        return answer

    def answers(self, since: float = 0.0, until: float = float("inf")) -> list[Answer]:
        """Attempts that began in a span of `time.monotonic`."""
        with self._lock:
            return [answer for answer in self._answers if since <= answer.began < until]

    def accepted(self) -> list[Answer]:
        """Everything the service said 202 to."""
        return [answer for answer in self.answers() if answer.status == 202]

    def statuses(self, since: float = 0.0, until: float = float("inf")) -> dict[int, int]:
        """How often each status came."""
        counted: dict[int, int] = {}
        for answer in self.answers(since, until):
            counted[answer.status] = counted.get(answer.status, 0) + 1
        return counted


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` (0-1) of them lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


class Client:
    """A trader's system with a key of one party."""

    def __init__(self, url: str, key: str, party: str, log: Log) -> None:
        self.url, self.key, self.party, self.log = url, key, party, log
        limits = httpx.Limits(max_connections=300, max_keepalive_connections=0)
        self.http = httpx.Client(trust_env=False, limits=limits)

    def declaration(self, lrn: str) -> Sending:
        """A declaration under this LRN; the LRN's last digit chooses which."""
        kind = EXAMPLES[int(lrn[-1]) % len(EXAMPLES)] if lrn[-1].isdigit() else PLAIN
        return Sending(self.party, lrn, original(lrn, kind, self.party))

    def drawn(self, lrn: str) -> Sending:
        """A declaration from the generator; the LRN alone chooses which, so that a second try sends the same."""
        return Sending(self.party, lrn, in_the_name_of(Generator(crc32(lrn.encode())).xml(lrn), self.party))

    def send(self, sending: Sending, seconds: float = TRY_SECONDS) -> Answer:
        """One attempt; safe to call from many threads."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": sending.media}
        try:
            response = self.http.post(
                f"{self.url}/v1/declarations", content=sending.content, headers=headers, timeout=seconds
            )
        except httpx.HTTPError as error:
            took = time.monotonic() - began
            return self.log.add(Answer(sending, began, took, 0, failure=type(error).__name__))
        took = time.monotonic() - began
        retry_after = response.headers.get("Retry-After")
        return self.log.add(Answer(sending, began, took, response.status_code, _body(response), retry_after))

    def lodge(self, sending: Sending, patience: float = PATIENCE_SECONDS) -> Answer:
        """Send until the service says yes or no; the last answer. Fails when patience ends."""
        end = time.monotonic() + patience
        while True:
            answer = self.send(sending)
            if answer.status not in {0, 503}:
                return answer
            assert time.monotonic() < end, f"no answer for {sending.lrn} within {patience} s: {answer}"
            time.sleep(min(float(answer.retry_after or PAUSE_SECONDS), 2.0) * random.uniform(0.5, 1.0))


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {"text": response.text[:500]}
    return body if isinstance(body, dict) else {}


Making = Callable[[Client, str], Sending]


class Load:
    """Lodgements at a steady rate, each sent until it is answered, whatever happens meanwhile.

    As the client is careful and not a closed loop, a service that stalls meets what has gathered when it comes back.
    """

    def __init__(self, clients: Sequence[Client], rate: float, name: str, make: Making = Client.declaration) -> None:
        self._clients, self._rate, self._name, self._make = clients, rate, name, make
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="load")
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="load")

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Send no more, and wait until everything sent is answered."""
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown(wait=True)
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._stopping.wait(max(0.0, begun + self.sent / self._rate - time.monotonic())):
            client = self._clients[self.sent % len(self._clients)]
            sending = self._make(client, f"{self._name}{self.sent:06d}")
            self._pool.submit(self._one, client, sending)
            self.sent += 1

    def _one(self, client: Client, sending: Sending) -> None:
        try:
            client.lodge(sending)
        except BaseException as error:  # noqa: BLE001 - told by `finish`, in the test's own thread
            self._failures.append(error)


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Make calls in parallel that all begin at the same moment; their answers, in order."""
    barrier = threading.Barrier(len(calls))

    def call(one: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))
