"""The load client looks at every answer, and keeps to the rate it was given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.harness.client import Order, Outcome, _Run
from bench.harness.documents import documents


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        place = content.index(b"PREFIX-")
        lrn = content[place : place + 14]
        status = 503 if lrn.endswith(b"3") else 202
        body = b"other" if lrn.endswith(b"4") else lrn
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def carried_out(port: int, number: int, rate: float = 0.0) -> Outcome:
    order = Order(port, ["key"], number, "PREFIX-", connections=2, rate=rate)
    return _Run(order, documents(5, lrn_length=14)).carry_out()


def test_every_accepted_declaration_is_counted(port: int) -> None:
    outcome = carried_out(port, 3)
    assert (outcome.accepted, outcome.wrong) == (3, [])


def test_another_status_and_another_reference_are_told(port: int) -> None:
    outcome = carried_out(port, 5)
    assert outcome.accepted == 3
    assert [words.split()[0] for words in outcome.wrong] == ["503", "202"]


def test_a_rate_spreads_the_declarations_over_time(port: int) -> None:
    assert carried_out(port, 3, rate=20.0).seconds > carried_out(port, 3).seconds


def test_a_document_has_the_length_it_says_under_every_reference() -> None:
    for document in documents(5, lrn_length=14):
        assert len(document.content("PREFIX-0000001")) == document.length
