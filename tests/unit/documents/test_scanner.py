"""A document is clean only if a scanner says so; whatever else happens, it was not scanned, and why is said."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from singlewindow.documents.scanner import CommandScanner, IcapScanner, NoScanner, Scan, ScanState

CONTENT = b"%PDF-1.7 " + b"x" * 200_000


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document"
    path.write_bytes(CONTENT)
    return path


def not_scanned(words: str) -> Scan:
    return Scan(ScanState.NOT_SCANNED, words)


def test_without_a_scanner_nothing_is_scanned(document: Path) -> None:
    assert NoScanner().scan(document) == not_scanned("no scanner is configured")


@pytest.mark.parametrize(
    ("status", "result"),
    [(0, Scan(ScanState.CLEAN)), (1, Scan(ScanState.INFECTED)), (2, not_scanned("the scanner ended with 2"))],
)
def test_a_command_says_by_its_status_what_it_found(document: Path, status: int, result: Scan) -> None:
    command = ["sh", "-c", f'cmp -s "$1" "{document}" && exit {status}; exit 9', "scan"]
    assert CommandScanner(command, 10).scan(document) == result


def test_a_command_that_is_not_there_scans_nothing(document: Path) -> None:
    assert CommandScanner(["/nowhere/scan"], 10).scan(document) == not_scanned(
        "the scanner did not start (FileNotFoundError)"
    )


def test_a_command_that_takes_too_long_is_ended_with_its_children(document: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    command = ["sh", "-c", f"(sleep 1; touch {mark}) & wait", "scan"]
    began = time.monotonic()
    assert CommandScanner(command, 0.2).scan(document) == not_scanned("the scanner took more than 0.2 seconds")
    assert time.monotonic() - began < 0.9
    time.sleep(1.2)
    assert not mark.exists()


@contextmanager
def service(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """An ICAP service that treats one connection like this."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"icap://127.0.0.1:{listening.getsockname()[1]}/scan"
        thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\r\n0\r\n\r\n"):
        received += connection.recv(65_536)
    return received


def answering(response: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        request = read_request(connection)
        if seen is not None:
            seen.append(request)
        connection.sendall(response)

    return answer


BLOCKED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
UNCHANGED = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "result"),
    [
        (b"ICAP/1.0 204 No Content\r\nISTag: x\r\n\r\n", Scan(ScanState.CLEAN)),
        (b"ICAP/1.0 200 OK\r\nX-Infection-Found: Type=0; Threat=EICAR;\r\n\r\n", Scan(ScanState.INFECTED)),
        (b"ICAP/1.0 200 OK\r\nX-Virus-ID: EICAR\r\nEncapsulated: res-hdr=0\r\n\r\n" + UNCHANGED,
         Scan(ScanState.INFECTED)),
        (b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=45\r\n\r\n" + BLOCKED, Scan(ScanState.INFECTED)),
        (b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=60\r\n\r\n" + UNCHANGED,
         not_scanned("the scanner answered 200 and no result")),
        (b"ICAP/1.0 404 Service not found\r\n\r\n", not_scanned("the scanner answered 404 and no result")),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", not_scanned("the scanner answered something else and no result")),
        (b"ICAP/1.0 2", not_scanned("the scanner could not be asked (ValueError)")),
    ],
)  # fmt: skip
def test_a_service_says_what_it_found(document: Path, response: bytes, result: Scan) -> None:
    with service(answering(response)) as address:
        assert IcapScanner(address, 10).scan(document) == result


def test_a_service_gets_the_whole_document(document: Path) -> None:
    seen: list[bytes] = []
    with service(answering(b"ICAP/1.0 204 No Content\r\n\r\n", seen)) as address:
        IcapScanner(address, 10).scan(document)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(f"RESPMOD {address} ICAP/1.0\r\n".encode())
    offsets = dict(part.split("=") for part in head.rpartition(b"Encapsulated: ")[2].decode().split(", "))
    assert body[int(offsets["res-hdr"]) :].startswith(b"HTTP/1.1 200 OK\r\n")
    assert joined_chunks(body[int(offsets["res-body"]) :]) == CONTENT


def joined_chunks(body: bytes) -> bytes:
    whole = b""
    while not body.startswith(b"0\r\n"):
        size, _, rest = body.partition(b"\r\n")
        whole += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return whole


def test_a_service_that_is_away_scans_nothing(document: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"icap://127.0.0.1:{closed.getsockname()[1]}/scan"
    assert IcapScanner(address, 10).scan(document) == not_scanned(
        "the scanner could not be asked (ConnectionRefusedError)"
    )


@pytest.mark.parametrize("drip", [b"", b"I"], ids=["silent", "a byte at a time"])
def test_a_service_that_never_ends_its_answer_scans_nothing(document: Path, drip: bytes) -> None:
    over = threading.Event()

    def never(connection: socket.socket) -> None:
        read_request(connection)
        while not over.wait(0.05):
            try:
                connection.sendall(drip)
            except OSError:
                return

    with service(never) as address:
        assert IcapScanner(address, 0.4).scan(document) == not_scanned("the scanner took more than 0.4 seconds")
        over.set()


def test_a_service_that_answers_before_it_has_read_all_is_heard(document: Path) -> None:
    def hasty(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"ICAP/1.0 200 OK\r\nX-Infection-Found: EICAR\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    with service(hasty) as address:
        assert IcapScanner(address, 5).scan(document) == Scan(ScanState.INFECTED)
