"""The load client: a process of its own that prepares documents first and then costs little while it sends.

`python -m bench.harness.client` reads one order a line from standard input (an `Order` as JSON), and writes one
`Outcome` a line. It speaks HTTP/1.1 over kept connections and checks every answer: 202, and the reference that was
sent.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count

from bench.harness.documents import POOL, Document, documents

RECEIVE_BYTES = 65_536
SILENCE_SECONDS = 60.0
CONNECTIONS = 32


@dataclass(frozen=True)
class Order:
    """What to send: `count` documents from the pool in turn, their LRNs beginning with `prefix`.

    With a `rate` (a second) they are sent at random moments, independent of the answers; without, each connection sends
    the next as soon as it has its answer.
    """

    port: int
    keys: Sequence[str]
    count: int
    prefix: str
    connections: int = CONNECTIONS
    rate: float = 0.0
    items: int = 0
    pool: int = POOL


@dataclass
class Outcome:
    """What came back. `wrong` quotes the first few answers that were no 202; times in milliseconds."""

    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    bytes_sent: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


class _Connection:
    """One kept connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lrn, self.began, self._received = b"", 0.0, b""

    def send(self, document: Document, key: str, lrn: str) -> int:
        """Send one document; returns how many bytes."""
        self.lrn, self.began, self._received = lrn.encode(), time.perf_counter(), b""
        request = document.request(key, lrn)
        self.socket.sendall(request)
        return len(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the answer is whole; raises ConnectionError if the server has closed."""
        got = self.socket.recv(RECEIVE_BYTES)
        if not got:
            raise ConnectionError("the server closed the connection")
        self._received += got
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        if len(body) < int(length.split(b":")[1]):
            return None
        return int(head[9:12]), body


class _Run:
    """One order being carried out."""

    def __init__(self, order: Order, pool: Sequence[Document]) -> None:
        self._order, self._pool = order, pool
        self._selector = selectors.DefaultSelector()
        self._idle: list[_Connection] = []
        self._open = 0
        self._outcome, self._times = Outcome(), list[float]()

    def carry_out(self) -> Outcome:
        """Send everything and wait for every answer."""
        moments = self._moments()
        began, cpu, done = time.perf_counter(), time.process_time(), 0
        due = next(moments)
        sent = 0
        while done < self._order.count:
            now = time.perf_counter() - began
            while sent < self._order.count and due <= now and (connection := self._free()):
                self._send(connection, sent)
                sent, due = sent + 1, next(moments)
            pause = max(0.0, due - now) if self._idle and sent < self._order.count else SILENCE_SECONDS
            done += self._collect(min(pause, SILENCE_SECONDS), sent - done)
        self._outcome.seconds = time.perf_counter() - began
        self._outcome.cpu_seconds = time.process_time() - cpu
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        ordered = sorted(self._times)
        self._outcome.p50_ms, self._outcome.p99_ms = (ordered[int(len(ordered) * part)] * 1e3 for part in (0.5, 0.99))
        return self._outcome

    def _moments(self) -> Iterator[float]:
        if not self._order.rate:
            yield from (0.0 for _ in count())
        draw, moment = random.Random(self._order.prefix), 0.0  # noqa: S311 - repeatable on purpose
        while True:
            yield moment
            moment += draw.expovariate(self._order.rate)

    def _free(self) -> _Connection | None:
        if not self._idle and self._open < self._order.connections:
            connection = _Connection(self._order.port)
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
            self._open += 1
            self._idle.append(connection)
        return self._idle.pop() if self._idle else None

    def _send(self, connection: _Connection, number: int) -> None:
        order = self._order
        place = number % len(self._pool)
        key = order.keys[place % len(order.keys)]
        self._outcome.bytes_sent += connection.send(self._pool[place], key, f"{order.prefix}{number:07d}")

    def _collect(self, seconds: float, under_way: int) -> int:
        """Read what has come within the time; returns how many answers are whole."""
        ready = self._selector.select(seconds)
        if not ready and under_way and seconds >= SILENCE_SECONDS:
            raise TimeoutError(f"no answer came for {SILENCE_SECONDS:.0f} seconds")
        done = 0
        for key, _ in ready:
            connection: _Connection = key.data
            if connection in self._idle:  # a server ends what has been idle for long
                self._drop(connection)
            elif (answer := connection.receive()) is not None:
                self._judge(connection, *answer)
                self._idle.append(connection)
                done += 1
        return done

    def _drop(self, connection: _Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._idle.remove(connection)
        self._open -= 1

    def _judge(self, connection: _Connection, status: int, body: bytes) -> None:
        self._times.append(time.perf_counter() - connection.began)
        if status == 202 and connection.lrn in body:
            self._outcome.accepted += 1
        elif len(self._outcome.wrong) < 3:
            self._outcome.wrong.append(f"{status} {body[:300]!r}")


def main() -> None:
    """Carry out orders until the input ends."""
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pool = documents(order.pool, order.items, len(order.prefix) + 7)
        print(json.dumps(asdict(_Run(order, pool).carry_out())), flush=True)


if __name__ == "__main__":
    main()
