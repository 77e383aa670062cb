"""A store holds whole documents under their hash, and nothing else, however an upload ends."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.documents.store import LEFT_OVER_SECONDS, FolderStore, StoreAway, receive

CONTENT = b"%PDF-" + bytes(range(256)) * 1_000
NAME = hashlib.sha256(CONTENT).hexdigest()
LARGEST = 1_000_000


class Dripping(io.BytesIO):
    """Gives few bytes at a time, and perhaps breaks off."""

    def __init__(self, content: bytes, breaks: Exception | None = None) -> None:
        super().__init__(content)
        self._breaks = breaks

    def read(self, size: int | None = -1, /) -> bytes:
        """At most some bytes."""
        part = super().read(min(size or 0, 1_000))
        if not part and self._breaks:
            raise self._breaks
        return part


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def keep(folder: Path, content: bytes = CONTENT, name: str = NAME) -> None:
    kept = FolderStore(folder)
    with receive(kept.waiting, Dripping(content), name, LARGEST) as whole:
        kept.keep(whole, name)


def test_a_document_is_kept_whole_under_its_hash(tmp_path: Path) -> None:
    keep(tmp_path)
    assert files(tmp_path) == [NAME]
    opened = FolderStore(tmp_path).open_document(NAME)
    assert opened.read(len(CONTENT) + 1) == CONTENT
    opened.close()


def test_the_first_bytes_and_the_size_are_told_while_it_waits(tmp_path: Path) -> None:
    with receive(tmp_path, Dripping(CONTENT), NAME, LARGEST) as whole:
        assert (whole.size, whole.head) == (len(CONTENT), CONTENT[:4_096])
        assert whole.path.read_bytes() == CONTENT
    assert files(tmp_path) == [], "nobody has kept it"


def test_the_same_document_twice_is_one_file(tmp_path: Path) -> None:
    keep(tmp_path)
    keep(tmp_path)
    assert files(tmp_path) == [NAME]


@pytest.mark.parametrize(
    ("content", "largest", "code"),
    [
        (CONTENT[:-1], LARGEST, "DOCUMENT_DIFFERS"),
        (CONTENT, len(CONTENT) - 1, "PAYLOAD_TOO_LARGE"),
        (b"", LARGEST, "EMPTY_BODY"),
    ],
)
def test_what_is_refused_leaves_nothing(tmp_path: Path, content: bytes, largest: int, code: str) -> None:
    with (
        pytest.raises(Refused) as refused,
        receive(tmp_path, Dripping(content), NAME, largest),
    ):
        pytest.fail("it was received")
    assert (refused.value.code, files(tmp_path)) == (code, [])


def test_an_upload_that_breaks_off_leaves_nothing_and_is_no_outage(tmp_path: Path) -> None:
    with (
        pytest.raises(ConnectionResetError),
        receive(tmp_path, Dripping(CONTENT[:5_000], ConnectionResetError()), NAME, LARGEST),
    ):
        pytest.fail("it was received")
    assert files(tmp_path) == []


def test_what_a_dead_upload_has_left_is_swept_and_what_is_under_way_is_not(tmp_path: Path) -> None:
    dead, alive = tmp_path / "dead", tmp_path / "alive"
    for path in (dead, alive):
        path.write_bytes(CONTENT[:10])
    long_ago = time.time() - LEFT_OVER_SECONDS - 1
    os.utime(dead, (long_ago, long_ago))
    with receive(tmp_path, Dripping(CONTENT), NAME, LARGEST):
        assert (dead.exists(), alive.exists()) == (False, True)


def test_a_folder_that_cannot_be_used_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreAway), receive(tmp_path / "file", Dripping(CONTENT), NAME, LARGEST):
        pytest.fail("it was received")
    with pytest.raises(StoreAway):
        FolderStore(tmp_path).open_document(NAME)


def test_a_full_disk_is_an_outage_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreAway, match="No space left"), receive(tmp_path, Dripping(CONTENT), NAME, LARGEST):
        pytest.fail("it was received")
    assert files(tmp_path) == []
