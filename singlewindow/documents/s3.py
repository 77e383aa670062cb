"""The store in a bucket of a server that speaks S3.

It finds the server and its key in the usual variables: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY. Without AWS_ALLOW_HTTP it speaks only TLS. Only a process whose setting names a bucket loads this
module and its library.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from obstore import get, put
from obstore.exceptions import BaseError
from obstore.store import S3Store

from singlewindow.documents.store import CHUNK, Readable, Whole, away_if

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import Bytes

CONNECT_TIMEOUT, READ_TIMEOUT, TIMEOUT = "3s", "20s", "120s"
"""To connect, between two parts of an answer, and for all of it."""
RETRIES: Final = 2
RETRY_TIMEOUT: Final = timedelta(seconds=10)
PARTS_AT_ONCE: Final = 1
"""An upload holds one part of 5 MB in memory."""
FAILURES: Final = (BaseError, OSError, ValueError)
"""What the library raises if the server does not do what it should."""


class BucketStore:
    """Documents under a prefix of a bucket; `address` is s3://BUCKET/PREFIX.

    Raises ValueError if it names no bucket.
    """

    def __init__(self, address: str, waiting: Path) -> None:
        parts = urlsplit(address)
        if not parts.netloc:
            raise ValueError(f"SW_DOCUMENTS is {address}, which names no bucket. Write s3://BUCKET/PREFIX")
        self._waiting = waiting
        self._bucket = _open_bucket(parts.netloc, parts.path.strip("/"))

    @property
    def waiting(self) -> Path:
        """A folder of this host."""
        return self._waiting

    def keep(self, whole: Whole, sha256: str) -> None:
        """Send the bytes with their checksum; the server shows all of them or none."""
        with away_if(*FAILURES):
            put(self._bucket, sha256, whole.path, max_concurrency=PARTS_AT_ONCE)

    def open_document(self, sha256: str) -> Readable:
        """The bytes, fetched as they are read."""
        with away_if(*FAILURES):
            return _Reader(cast("Iterator[Bytes]", get(self._bucket, sha256).stream(min_chunk_size=CHUNK)))


class _Reader:
    """A document in the bucket."""

    def __init__(self, parts: Iterator[Bytes]) -> None:
        self._parts, self._held = parts, b""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        if not self._held:
            with away_if(*FAILURES):
                self._held = bytes(next(self._parts, b""))
        part, self._held = self._held[:size], self._held[size:]
        return part

    def close(self) -> None:
        """Let go of what was not read."""
        self._parts, self._held = iter(()), b""


def _open_bucket(bucket: str, prefix: str) -> S3Store:
    allow_http = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
    return S3Store(
        bucket,
        prefix=prefix or None,
        config={"checksum_algorithm": "SHA256"},
        client_options={
            "connect_timeout": CONNECT_TIMEOUT, "read_timeout": READ_TIMEOUT, "timeout": TIMEOUT,
            "allow_http": allow_http,
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIMEOUT},
    )  # fmt: skip
