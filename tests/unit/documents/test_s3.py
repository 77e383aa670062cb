"""The store in a bucket, with a real server that speaks S3 and checks signatures."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from singlewindow.documents.s3 import BucketStore
from singlewindow.documents.store import StoreAway, receive

KEY, SECRET = "documents-key", "documents-key-secret-of-the-tests"
RCLONE = Path(sys.executable).with_name("rclone")
LARGE = b"%PDF-" + os.urandom(7_000_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server, and the folder of its buckets, of which there is one."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "papers").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        str(RCLONE),
        "serve",
        "s3",
        "--config",
        "",
        "--addr",
        place,
        "--auth-key",
        f"{KEY},{SECRET}",
        str(folder),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _wait_for(place)
        yield f"http://{place}", folder
        process.terminate()


def _wait_for(place: str) -> None:
    host, _, port = place.partition(":")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the S3 server did not start")


@pytest.fixture
def bucket(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BucketStore:
    return bucket_at(server[0], monkeypatch, tmp_path)


def bucket_at(endpoint: str, monkeypatch: pytest.MonkeyPatch, waiting: Path, secret: str = SECRET) -> BucketStore:
    variables = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": KEY,
                 "AWS_SECRET_ACCESS_KEY": secret, "AWS_ALLOW_HTTP": "true"}  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return BucketStore("s3://papers/documents", waiting)


def keep(bucket: BucketStore, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    with receive(bucket.waiting, io.BytesIO(content), name, 10_000_000) as whole:
        bucket.keep(whole, name)
    return name


def read(bucket: BucketStore, name: str) -> bytes:
    opened = bucket.open_document(name)
    found = b""
    while part := opened.read(65_536):
        assert len(part) <= 65_536
        found += part
    opened.close()
    return found


@pytest.mark.parametrize("content", [b"%PDF-1.7 small", LARGE], ids=["one part", "several parts"])
def test_a_document_is_kept_under_its_hash_and_read_back(
    bucket: BucketStore, server: tuple[str, Path], content: bytes
) -> None:
    name = keep(bucket, content)
    assert (server[1] / "papers" / "documents" / name).read_bytes() == content
    assert read(bucket, name) == content
    assert keep(bucket, content) == name, "twice is once"
    assert list(bucket.waiting.iterdir()) == []


def test_a_document_that_is_lost_is_an_outage(bucket: BucketStore) -> None:
    with pytest.raises(StoreAway):
        bucket.open_document("0" * 64)


def test_a_wrong_key_is_an_outage(server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bucket = bucket_at(server[0], monkeypatch, tmp_path, secret="another")
    with pytest.raises(StoreAway):
        keep(bucket, b"%PDF-with a wrong key")
    name = hashlib.sha256(b"%PDF-with a wrong key").hexdigest()
    assert not (server[1] / "papers" / "documents" / name).exists()


def test_a_server_that_is_away_is_an_outage_within_seconds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bucket = bucket_at("http://127.0.0.1:9", monkeypatch, tmp_path)
    began = time.monotonic()
    with pytest.raises(StoreAway):
        keep(bucket, b"%PDF-1.7")
    assert time.monotonic() - began < 15
    assert list(tmp_path.iterdir()) == []


def test_an_address_without_a_bucket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"SW_DOCUMENTS is s3:///x, which names no bucket\. Write s3://BUCKET/PREFIX"):
        BucketStore("s3:///x", tmp_path)


def test_only_a_bucket_loads_the_library() -> None:
    program = "import sys, singlewindow.bootstrap.documents; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
