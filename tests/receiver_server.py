"""A receiver for tests: a real HTTPS server that takes what it is sent, or fails to, in every way.

`server.mode` names the way, `server.modes` one for a path of its own; `server.received` is what came.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.agency_server import serving

FLOOD_BYTES = 1_000_000_000
BOMB = gzip.compress(b"\0" * 50_000_000)
HOST = "localhost"


class Received(NamedTuple):
    """One request that came: its time is monotonic, `answered` the status that it got (0: none)."""

    path: str
    headers: dict[str, str]
    content: bytes
    time: float
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def kind(self) -> str:
        return str(self.body["type"])


class ReceiverServer(ThreadingHTTPServer):
    """One receiver on a port of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, mode: str = "accept") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = mode
        self.modes: dict[str, str] = {}
        self.refuses: Callable[[Any], bool] = lambda _body: False
        self.received: list[Received] = []
        self.sent = 0
        self.slow_seconds = 30.0
        self.elsewhere = "https://127.0.0.1:9/"
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/hook", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def messages(self, *kinds: str) -> list[Received]:
        """What came and was accepted, of these kinds (without any: notices and entries of feeds)."""
        wanted = kinds or ("notice", "feed-entry")
        with self.lock:
            return [each for each in self.received if 200 <= each.answered < 300 and each.kind in wanted]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: ReceiverServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Tests look at what came, not at a log."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        mode = self.server.modes.get(self.path, self.server.mode)
        if self.server.refuses(json.loads(content)):
            mode = "500"
        self.close_connection = True
        came = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, content,
                        time.monotonic(), self._status_of(mode))  # fmt: skip
        with self.server.lock:
            self.server.received.append(came)
        with suppress(OSError):
            self._by_mode(mode, came)

    def _status_of(self, mode: str) -> int:
        return int(mode) if mode.isdigit() else 200 if mode in {"accept", "mirror", "flood", "bomb"} else 0

    def _by_mode(self, mode: str, came: Received) -> None:
        if mode.isdigit():
            self._answer(int(mode), b"", {"Retry-After": "7"} if mode in {"429", "503"} else {})
        else:
            getattr(self, f"_{mode}")(came)

    def _accept(self, came: Received) -> None:
        challenge = came.body["data"].get("challenge") if came.kind == "challenge" else None
        self._answer(200, b"" if challenge is None else json.dumps({"challenge": challenge}).encode())

    def _mirror(self, came: Received) -> None:
        self._answer(200, came.content)

    def _hang(self, _came: Received) -> None:
        self.server.closing.wait(60)

    def _slow(self, came: Received) -> None:
        self.server.closing.wait(self.server.slow_seconds)
        self._accept(came)

    def _reset(self, _came: Received) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def _drip(self, _came: Received) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"a" * 1_000:
            self.wfile.write(bytes([byte]))
            if self.server.closing.wait(0.05):
                return

    def _continue(self, _came: Received) -> None:
        while not self.server.closing.wait(0.01):
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")

    def _flood(self, _came: Received) -> None:
        self._head(200, {"Content-Length": str(FLOOD_BYTES)})
        block = b" " * 65_536
        while self.server.sent < FLOOD_BYTES:
            self.wfile.write(block)
            self.server.sent += len(block)

    def _bomb(self, _came: Received) -> None:
        self._answer(200, BOMB, {"Content-Encoding": "gzip"})

    def _headers(self, _came: Received) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1_000) for n in range(2_000)))

    def _malformed(self, _came: Received) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n : no name\r\n\r\n")

    def _garbage(self, _came: Received) -> None:
        self.wfile.write(b"\x16\x03\x01SSH-2.0-OpenSSH\r\n")

    def _redirect(self, _came: Received) -> None:
        self._answer(302, b"", {"Location": self.server.elsewhere})

    def _redirect_post(self, _came: Received) -> None:
        self._answer(307, b"", {"Location": self.server.elsewhere})

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, {**(headers or {}), "Content-Length": str(len(content)), "Connection": "close"})
        self.wfile.write(content)


@contextmanager
def receiver_server(certificate: Path, mode: str = "accept") -> Iterator[ReceiverServer]:
    """A running receiver with this certificate (key and certificate in one PEM file)."""
    server = ReceiverServer(mode)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # Each handshake in the thread of its connection: one that is not finished holds up nobody else.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server, server.closing):
        yield server
