"""Looking for viruses in a document: by a command, by a service that speaks ICAP (RFC 3507), or not at all.

Only a scanner that says so makes a document clean. Whatever else happens, it was not scanned, and that is said with the
reason; a failing scanner loses no document.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

PORT: Final = 1344
CHUNK: Final = 65_536
LARGEST_HEAD: Final = 65_536
FOUND_HEADERS: Final = ("x-infection-found", "x-virus-id", "x-virus-name", "x-violations-found")
"""Headers with which ICAP servers say that they have found something."""


class ScanState(StrEnum):
    """Whether a document was scanned, and what came of it."""

    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not-scanned"


class Scan(NamedTuple):
    """A result; `words` say why a document was not scanned."""

    state: ScanState
    words: str = ""


class Scanner(Protocol):
    """Whatever looks into documents."""

    def scan(self, document: Path) -> Scan:
        """The result for one file; never raises."""
        ...


class NoScanner:
    """The scanner of an installation that has none."""

    def scan(self, _document: Path) -> Scan:
        """Never scanned."""
        return Scan(ScanState.NOT_SCANNED, "no scanner is configured")


class CommandScanner:
    """A command that gets the file's path as its last argument: it ends with 0 for clean and with 1 for infected."""

    def __init__(self, command: list[str], seconds: float) -> None:
        self._command, self._seconds = command, seconds

    def scan(self, document: Path) -> Scan:
        """Run the command, and end it and its children when its time is over."""
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own command
                [*self._command, str(document)], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            return Scan(ScanState.NOT_SCANNED, f"the scanner did not start ({type(error).__name__})")
        with process:
            try:
                return self._result(process.wait(self._seconds))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return _too_slow(self._seconds)

    def _result(self, status: int) -> Scan:
        if status in (0, 1):
            return Scan(ScanState.INFECTED if status else ScanState.CLEAN)
        return Scan(ScanState.NOT_SCANNED, f"the scanner ended with {status}")


class IcapScanner:
    """A service at icap://HOST:PORT/SERVICE that modifies responses (RESPMOD)."""

    def __init__(self, address: str, seconds: float) -> None:
        self._address, self._seconds = urlsplit(address), seconds

    def scan(self, document: Path) -> Scan:
        """Ask the service about one file."""
        end = time.monotonic() + self._seconds
        try:
            with _Connection(self._address, end) as connection:
                for part in _request(self._address, document):
                    connection.send(part)
                return _read_answer(connection)
        except TimeoutError:
            return _too_slow(self._seconds)
        except (OSError, ValueError) as error:
            return Scan(ScanState.NOT_SCANNED, f"the scanner could not be asked ({type(error).__name__})")


def _too_slow(seconds: float) -> Scan:
    return Scan(ScanState.NOT_SCANNED, f"the scanner took more than {seconds:g} seconds")


class _Connection:
    """A connection that ends at a moment, whatever the other side does."""

    def __init__(self, address: SplitResult, end: float) -> None:
        self._end, self._held = end, b""
        self._socket = socket.create_connection((address.hostname or "", address.port or PORT), self._left())

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, part: bytes) -> None:
        """Send all of it; a service that has answered before the end of a document reads no more of it."""
        self._socket.settimeout(self._left())
        try:
            self._socket.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            return

    def head(self) -> list[str]:
        """The lines up to the next empty one; raises ValueError if there is no such head."""
        while b"\r\n\r\n" not in self._held:
            self._socket.settimeout(self._left())
            more = self._socket.recv(CHUNK)
            if not more or len(self._held) > LARGEST_HEAD:
                raise ValueError("the service's answer has no end")
            self._held += more
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head.decode("latin-1").split("\r\n")

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _request(address: SplitResult, document: Path) -> Iterator[bytes]:
    asked = b"GET http://document/ HTTP/1.1\r\nHost: document\r\n\r\n"
    size = document.stat().st_size
    answered = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n".encode()
    yield (
        (
            f"RESPMOD {address.geturl()} ICAP/1.0\r\nHost: {address.netloc}\r\nAllow: 204\r\nConnection: close\r\n"
            f"Encapsulated: req-hdr=0, res-hdr={len(asked)}, res-body={len(asked) + len(answered)}\r\n\r\n"
        ).encode()
        + asked
        + answered
    )
    with document.open("rb") as content:
        while chunk := content.read(CHUNK):
            yield f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    yield b"0\r\n\r\n"


def _read_answer(connection: _Connection) -> Scan:
    """204: nothing to change. 200 with a header that names a find, or with another response than 200: infected."""
    first, *lines = connection.head()
    status = first.split(" ")[1] if first.startswith("ICAP/1.0 ") else ""
    if status == "204":
        return Scan(ScanState.CLEAN)
    names = {line.partition(":")[0].strip().lower() for line in lines}
    if status == "200" and names.intersection(FOUND_HEADERS):
        return Scan(ScanState.INFECTED)
    if status == "200" and "encapsulated" in names and connection.head()[0].split(" ")[1:2] != ["200"]:
        return Scan(ScanState.INFECTED)
    return Scan(ScanState.NOT_SCANNED, f"the scanner answered {status[:3] or 'something else'} and no result")
