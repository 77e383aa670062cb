"""Where documents are kept: what a store is, how an upload is received, and the store in a folder.

A document is named by the SHA-256 of its bytes, so the same bytes are kept once, and nobody can put others in their
place. It is received into a file beside the store, whole and checked, before it gets that name: a store never holds
half of one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from singlewindow.declarations.faults import Refused
from singlewindow.documents.types import HEAD_BYTES

CHUNK: Final = 65_536
LEFT_OVER_SECONDS: Final = 3_600.0
"""A file that waits beside the store for so long belongs to an upload that died."""


class StoreAway(Exception):  # noqa: N818 - an answer to the sender, like an outage of the database
    """The store cannot be reached, has no room, or has lost a document."""


class Readable(Protocol):
    """What gives bytes, some at a time, and may be closed."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Whole(NamedTuple):
    """A document that was received whole: where its bytes wait, how many they are, and the first of them."""

    path: Path
    size: int
    head: bytes


class DocumentStore(Protocol):
    """Keeps documents by hash; `waiting` is the folder beside it in which uploads are received."""

    @property
    def waiting(self) -> Path:
        """Where uploads wait until they are whole."""
        ...

    def keep(self, whole: Whole, sha256: str) -> None:
        """Take a document over, durably; nothing happens if it is there. Raises StoreAway."""
        ...

    def open_document(self, sha256: str) -> Readable:
        """The bytes of a document; raises StoreAway."""
        ...


class FolderStore:
    """A folder on a disk, which several hosts may share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def waiting(self) -> Path:
        """On the same disk, so that a document gets its name in one step."""
        return self._folder / "incoming"

    def keep(self, whole: Whole, sha256: str) -> None:
        """Give the file its name; a crash leaves it there or not."""
        place = self._place(sha256)
        with away_if(OSError):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole.path.replace(place)
            _sync_folder(place.parent)
            _sync_folder(place.parent.parent)

    def open_document(self, sha256: str) -> Readable:
        """The file."""
        with away_if(OSError):
            return self._place(sha256).open("rb")

    def _place(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


@contextmanager
def receive(waiting: Path, source: Readable, sha256: str, largest: int) -> Iterator[Whole]:
    """An upload, whole and with this hash; its file is gone afterwards, unless a store has taken it over.

    Raises StoreAway, and `Refused` for one that is empty, too large or another than its name says.
    """
    with away_if(OSError):
        waiting.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(waiting)
        descriptor, name = tempfile.mkstemp(dir=waiting)
    path = Path(name)
    try:
        yield _received(source, path, descriptor, sha256, largest)
    finally:
        path.unlink(missing_ok=True)


def _received(source: Readable, path: Path, descriptor: int, sha256: str, largest: int) -> Whole:
    digest, size, head = hashlib.sha256(), 0, b""
    with open(descriptor, "wb") as target:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > largest:
                raise Refused("PAYLOAD_TOO_LARGE", f"A document may have at most {largest:,} bytes.")
            digest.update(chunk)
            head += chunk[: HEAD_BYTES - len(head)]
            with away_if(OSError):
                target.write(chunk)
        with away_if(OSError):
            target.flush()
            os.fsync(target.fileno())
    if not size:
        raise Refused("EMPTY_BODY", "The document is empty. Send its bytes in the body.")
    if digest.hexdigest() != sha256:
        text = "The bytes have another SHA-256 than the address names. Send the document again, whole, to its own."
        raise Refused("DOCUMENT_DIFFERS", text)
    return Whole(path, size, head)


def _sweep(waiting: Path) -> None:
    """Remove what uploads have left that died in the middle."""
    oldest = time.time() - LEFT_OVER_SECONDS
    for entry in os.scandir(waiting):
        with suppress(FileNotFoundError):  # it has just become whole
            if entry.stat().st_mtime < oldest:
                Path(entry.path).unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def away_if(*failures: type[Exception]) -> Iterator[None]:
    """Raises StoreAway in the place of these."""
    try:
        yield
    except failures as error:
        raise StoreAway(str(error).partition("\n")[0]) from error
