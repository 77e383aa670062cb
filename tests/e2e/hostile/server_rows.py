"""Requests that the web server in front of the application answers, written octet by octet; only the status counts."""

from __future__ import annotations

from typing import NamedTuple

CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"


class Octets(NamedTuple):
    """What is written to the socket: `request`, then `flood` again and again until the answer comes.

    `patience` are the seconds within which the answer must be there; `@KEY@` stands for a trader's key.
    """

    rows: str
    name: str
    request: bytes
    statuses: tuple[int, ...]
    flood: bytes = b""
    patience: float = 5.0


def _lodge(headers: str, body: bytes = b"") -> bytes:
    head = (
        "POST /v1/declarations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer @KEY@\r\nContent-Type: application/xml\r\n"
    )
    return f"{head}{headers}\r\n".encode() + body


def _get(path: str, headers: str = "", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer @KEY@\r\n{headers}\r\n".encode()


ROWS = [
    Octets("12", "endless body in chunks", _lodge("Transfer-Encoding: chunked\r\n"), (413,), CHUNK, 20.0),
    Octets("13", "body that stops", _lodge("Content-Length: 1000\r\n", b"<a>"), (408,), patience=13.0),
    Octets("14", "length and chunks",
           _lodge("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), (400,)),
    Octets("14", "two lengths", _lodge("Content-Length: 4\r\nContent-Length: 5\r\n", b"<a/>x"), (400,)),
    Octets("15", "headers of 64 kB", _get("/healthz", f"X-Long: {'a' * 65_536}\r\n"), (431,)),
    Octets("16", "address of 16 kB", _get(f"/v1/declarations/{'a' * 16_384}"), (414,)),
    Octets("90", "CONNECT", _get("example.org:443", method="CONNECT"), (405,)),
    Octets("90", "TRACE", _get("/healthz", method="TRACE"), (405,)),
]  # fmt: skip
