"""A reference agency for tests: a real HTTP server that answers, or fails to, in every way an agency's system can.

`server.mode` names the way; `server.questions` are the questions as they came, `server.times` when (monotonic), and
`server.modes` what each met. The callback modes send the answer by the `callback` that the test gives, after the
question has been taken with 202.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

GREEN = {"lane": "green"}
REASON = {"profile": "AG-1", "legal_basis": "an act", "officer": "look inside", "trader": "bring the licence",
          "weight": 70, "control": "physical", "item": "1"}  # fmt: skip
INSPECT = {"lane": "red", "score": 70, "controls": ["physical"], "findings": [REASON]}
OTHER = {"lane": "yellow", "controls": ["documents"]}
JSON_TYPE = "application/json"
SLOW_SECONDS = 0.3
FLOOD_BYTES = 100_000_000

GARBAGE: Mapping[str, tuple[str, bytes]] = {
    "html": ("text/html", b"<html>welcome</html>"),
    "html as json": (JSON_TYPE, b"<html>welcome</html>"),
    "truncated": (JSON_TYPE, b'{"lane": "gre'),
    "nan": (JSON_TYPE, b'{"lane": "green", "score": NaN}'),
    "deep": (JSON_TYPE, b'{"lane":' + b"[" * 30_000),
    "nested": (JSON_TYPE, b'{"lane":' + b"[" * 12 + b"]" * 12 + b"}"),
    "wrong schema": (JSON_TYPE, b'{"verdict": "RELEASE"}'),
    "unknown lane": (JSON_TYPE, b'{"lane": "GREEN"}'),
    "unknown field": (JSON_TYPE, b'{"lane": "green", "release": true}'),
    "twice the same member": (JSON_TYPE, b'{"lane": "red", "lane": "green"}'),
    "not utf-8": (JSON_TYPE, b'{"lane": "gr\xe9en"}'),
    "utf-16": (JSON_TYPE, '{"lane": "green"}'.encode("utf-16")),
    "other charset": ("application/json; charset=iso-8859-1", b'{"lane": "green"}'),
    "byte order mark": (JSON_TYPE, b'\xef\xbb\xbf{"lane": "green"}'),
    "empty": (JSON_TYPE, b""),
    "green with controls": (JSON_TYPE, b'{"lane": "green", "controls": ["scan"]}'),
    "score out of range": (JSON_TYPE, b'{"lane": "red", "score": 101}'),
    "number as text": (JSON_TYPE, b'{"lane": "red", "score": "70"}'),
    "foreign item": (JSON_TYPE, json.dumps(INSPECT | {"findings": [REASON | {"item": "77"}]}).encode()),
    "control characters": (JSON_TYPE, json.dumps(INSPECT | {"findings": [REASON | {"trader": "a\x1bb"}]}).encode()),
    "long text": (JSON_TYPE, json.dumps(INSPECT | {"findings": [REASON | {"trader": "a" * 501}]}).encode()),
}

Callback = Callable[[dict[str, Any], dict[str, Any]], object]


class AgencyServer(ThreadingHTTPServer):
    """One agency's system on a port of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, mode: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = mode
        self.questions: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.modes: list[str] = []
        self.slow_seconds = SLOW_SECONDS
        self.sent = 0
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.callback: Callback = lambda question, answer: None
        self.elsewhere = "http://127.0.0.1:9/"
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/questions"

    @property
    def calls(self) -> int:
        return len(self.times)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: AgencyServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Tests look at counts, not at a log."""

    def do_GET(self) -> None:
        self._answer(200, GREEN)

    def do_POST(self) -> None:
        server = self.server
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            mode = server.mode
            server.modes.append(mode)
            server.times.append(time.monotonic())
            server.questions.append(question)
            server.headers.append(dict(self.headers))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            self._by_mode(mode, question)
        finally:
            with server.lock:
                server.at_once -= 1

    def _by_mode(self, mode: str, question: dict[str, Any]) -> None:
        if mode in GARBAGE:
            media, body = GARBAGE[mode]
            self._send(200, body, {"Content-Type": media})
        elif mode.isdigit():
            self._answer(int(mode), {"error": "no"})
        else:
            getattr(self, f"_{mode}")(question)

    def _green(self, _question: dict[str, Any]) -> None:
        self._answer(200, GREEN)

    def _inspect(self, _question: dict[str, Any]) -> None:
        self._answer(200, INSPECT)

    def _by_goods(self, question: dict[str, Any]) -> None:
        self._answer(200, INSPECT if "93020000" in json.dumps(question["view"]) else GREEN)

    def _papers(self, question: dict[str, Any]) -> None:
        self._answer(200, GREEN if "documents_answer" in question else OTHER)

    def _slow(self, _question: dict[str, Any]) -> None:
        self.server.closing.wait(self.server.slow_seconds)
        self._answer(200, GREEN)

    def _hang(self, _question: dict[str, Any]) -> None:
        self.server.closing.wait(60)

    def _reset(self, _question: dict[str, Any]) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def _drip(self, _question: dict[str, Any]) -> None:
        self._head(200, {"Content-Type": JSON_TYPE, "Content-Length": "1000"})
        self._byte_by_byte(b" " * 1000)

    def _drip_without_length(self, _question: dict[str, Any]) -> None:
        self._head(200, {"Content-Type": JSON_TYPE})
        self._byte_by_byte(json.dumps(GREEN).encode() + b" " * 1000)

    def _drip_head(self, _question: dict[str, Any]) -> None:
        self._byte_by_byte(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"a" * 1000)

    def _byte_by_byte(self, content: bytes) -> None:
        with suppress(OSError):
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.server.closing.wait(0.05):
                    return

    def _flood(self, _question: dict[str, Any]) -> None:
        self._head(200, {"Content-Type": JSON_TYPE, "Content-Length": str(FLOOD_BYTES)})
        block = b" " * 65_536
        with suppress(OSError):
            while self.server.sent < FLOOD_BYTES:
                self.wfile.write(block)
                self.server.sent += len(block)

    def _busy(self, _question: dict[str, Any]) -> None:
        self._send(503, b"", {"Retry-After": "7"})

    def _throttled(self, _question: dict[str, Any]) -> None:
        self._send(429, b"", {"Retry-After": "7"})

    def _redirect(self, _question: dict[str, Any]) -> None:
        self._send(307, b"", {"Location": self.server.elsewhere})

    def _compressed(self, _question: dict[str, Any]) -> None:
        self._send(200, b"\x1f\x8b", {"Content-Type": JSON_TYPE, "Content-Encoding": "gzip"})

    def _silent(self, _question: dict[str, Any]) -> None:
        self._send(202, b"", {})

    def _later(self, question: dict[str, Any]) -> None:
        self._send(202, b"", {})
        self.server.callback(question, GREEN)

    def _early(self, question: dict[str, Any]) -> None:
        self.server.callback(question, INSPECT)
        self._answer(200, GREEN)

    def _later_twice(self, question: dict[str, Any]) -> None:
        self._later(question)
        self.server.callback(question, GREEN)

    def _later_two_ways(self, question: dict[str, Any]) -> None:
        self._later(question)
        self.server.callback(question, OTHER)

    def _answer(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": JSON_TYPE})

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._head(status, {**headers, "Content-Length": str(len(body))})
        with suppress(OSError):
            self.wfile.write(body)


@contextmanager
def agency_server(mode: str = "green", certificate: Path | None = None) -> Iterator[AgencyServer]:
    """A running agency; with TLS where `certificate` (key and certificate in one PEM file) is given."""
    server = AgencyServer(mode)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    with serving(server, server.closing):
        yield server


@contextmanager
def serving(server: ThreadingHTTPServer, closing: threading.Event) -> Iterator[None]:
    """Serve in a thread of its own, and end what hangs when the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
