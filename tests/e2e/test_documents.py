"""Documents over the wire to a running service: cut in the middle, far too large, and many large ones at once."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest

from singlewindow.access.keys import Role
from tests.documents import DECLARANT, original
from tests.e2e.service import Service, request, running_service, wait_until

pytestmark = pytest.mark.service

PDF: Final = "application/pdf"
LARGE: Final = 9_900_000
AT_ONCE: Final = 6


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("documents")) as running:
        yield running


@pytest.fixture(scope="module")
def headers(service: Service) -> dict[str, str]:
    """The trader's."""
    return {"Authorization": f"Bearer {service.key(Role.TRADER, party=DECLARANT)}", "Content-Type": PDF}


@pytest.fixture(scope="module")
def mrn(service: Service, headers: dict[str, str]) -> str:
    """A declaration of the trader's."""
    xml = headers | {"Content-Type": "application/xml"}
    lodged = request("POST", f"{service.url}/v1/declarations", content=original("FIRST"), headers=xml, timeout=60)
    assert lodged.status_code == 202, lodged.text
    return str(lodged.json()["mrn"])


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def address_of(service: Service, mrn: str, content: bytes) -> str:
    return f"{service.url}/v1/declarations/{mrn}/documents/{sha256_of(content)}"


def put(service: Service, headers: dict[str, str], mrn: str, content: bytes) -> httpx.Response:
    return request("PUT", address_of(service, mrn, content), content=content, headers=headers, timeout=120)


def kept(service: Service) -> list[str]:
    """Every file in the store, those that wait included."""
    return sorted(path.name for path in (service.folder / "documents").rglob("*") if path.is_file())


def test_an_upload_that_is_cut_off_leaves_nothing(service: Service, headers: dict[str, str], mrn: str) -> None:
    content = b"%PDF-" + os.urandom(2_000_000)
    lines = [f"PUT /v1/declarations/{mrn}/documents/{sha256_of(content)} HTTP/1.1", "Host: x",
             *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(content)}"]  # fmt: skip
    with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content[:1_500_000])
    before = kept(service)
    time.sleep(1.0)
    assert kept(service) == before
    assert sha256_of(content) not in before
    answer = put(service, headers, mrn, content)
    assert (answer.status_code, sha256_of(content) in kept(service)) == (200, True), answer.text


@pytest.mark.parametrize("size", [10_000_001, 20_000_000])
def test_what_is_too_large_is_refused_and_leaves_nothing(
    service: Service, headers: dict[str, str], mrn: str, size: int
) -> None:
    before = kept(service)

    def parts() -> Iterator[bytes]:
        yield b"%PDF-"
        for _ in range(0, size - 5, 100_000):
            yield bytes(min(100_000, size))

    try:
        address = address_of(service, mrn, b"%PDF-")
        answer = request("PUT", address, content=parts(), headers=headers, timeout=120)
    except httpx.TransportError:  # the server has closed the connection while more was coming
        pass
    else:
        assert answer.status_code == 413, answer.text
    assert kept(service) == before


def test_large_documents_at_once_are_never_whole_in_memory(service: Service, headers: dict[str, str], mrn: str) -> None:
    papers = [b"%PDF-" + os.urandom(LARGE) for _ in range(AT_ONCE)]
    assert put(service, headers, mrn, b"%PDF-" + os.urandom(LARGE)).status_code == 200
    before = _peak_bytes(service)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda content: put(service, headers, mrn, content), papers))
    assert {answer.status_code for answer in answers} == {200}
    for content in papers:
        address = address_of(service, mrn, content)
        assert request("GET", address, headers=headers, timeout=120).content == content
    assert _peak_bytes(service) - before < AT_ONCE * LARGE // 2
    wait_until(lambda: {sha256_of(each) for each in papers} <= {*kept(service)}, 10)


def _peak_bytes(service: Service) -> int:
    """The most memory that the web process ever had."""
    (web,) = (pid for name, pid in service.processes().items() if name.startswith("web"))
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{web}/status").read_text(encoding="utf-8"))
    assert found is not None
    return int(found[1]) * 1_024
