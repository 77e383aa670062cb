"""Large messages. Row FZ3: they end the processes that read them, ten a second, and nobody else notices.

Row FZB: ten thousand declarations in one ZIP file, one in twenty of them bad, are answered one by one.
"""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import Answer, Client, Log, Sending, percentile
from tests.faults.harness.installation import Installation
from tests.integration.documents import JSON_TYPE, as_json, tree
from tests.integration.test_http_batch import BATCH, FAULTS, ZIP

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
SECONDS, A_SECOND = 15.0, 10
MEMBERS, ONE_BAD_IN = 10_000, 20
WRONG = [fault for name, fault in FAULTS.items() if name != "bomb"]  # these would exceed what an archive may unpack to


def greedy(client: Client, number: int) -> Sending:
    """A declaration with far more elements than any has."""
    plain = client.declaration(f"GREEDY{number:05d}")
    content = plain.content.replace(b"</Declaration>", b"<a/>" * 200_000 + b"</Declaration>")
    return Sending(plain.party, plain.lrn, content)


@contextmanager
def flood(client: Client) -> Iterator[None]:
    """Greedy messages at a steady rate, while the block lasts."""
    stopping, threads = threading.Event(), []

    def send() -> None:
        number = 0
        while not stopping.wait(1 / A_SECOND):
            threads.append(threading.Thread(target=client.send, args=(greedy(client, number), 30.0), daemon=True))
            threads[-1].start()
            number += 1

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield
    finally:
        stopping.set()
        sender.join()
        for thread in threads:
            thread.join()


def good(here: Installation, name: str) -> list[Answer]:
    """What good declarations are answered while the load of this name lasts."""
    with here.load(8, name):
        time.sleep(SECONDS)
    return [answer for answer in here.log.answers() if answer.sending.lrn.startswith(name)]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("way", "settings"),
    [("killed", {"FAULT_POINT": "large_message=kill"}), ("starved", {"SW_READING_MEMORY": "10000000"})],
)
def test_fz3_children_that_read_end_under_load(
    install: Install, record_property: Record, way: str, settings: Mapping[str, str]
) -> None:
    here = install(settings=settings)
    here.start()
    (web,) = here.all("web")
    before, log = web.pid, Log()
    calm = percentile((answer.seconds for answer in good(here, "CALM")), 0.95)
    client = here.client()
    client.log = log  # what is refused is nobody's declaration
    with flood(client):
        answers = good(here, "FLOOD")
    flooded = percentile((answer.seconds for answer in answers), 0.95)
    here.settle()
    assert {answer.status for answer in answers} == {202}
    assert log.statuses().keys() <= {400, 413, 503}, log.statuses()
    assert log.statuses()[413] > SECONDS
    assert (web.alive(), web.pid) == (True, before)
    assert here.verdict() == []
    record_property(
        f"FZ3 {way}",
        f"{log.statuses()} for the greedy; p95 of the good {flooded * 1000:.0f} ms, calm {calm * 1000:.0f} ms "
        f"({flooded / calm:.2f} times, at most 1.5), web never restarted",
    )
    assert flooded <= max(1.5 * calm, 0.05)


def test_fzb_ten_thousand_declarations_in_one_archive(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    (web,) = here.all("web")
    before, client = web.pid, here.client()
    members = [member(client, number) for number in range(MEMBERS)]
    began = time.monotonic()
    first, lines = sent(client, packed(members))
    took = time.monotonic() - began
    for sending, line in zip(members, lines, strict=True):
        client.log.add(Answer(sending, began, took, line["status"], line.get("receipt", {})))
    settled = here.settle(600.0)
    told = [(line["name"], line["status"], line.get("problem", {}).get("code")) for line in lines]
    assert told == [(name_of(number, sending), *expected(number)) for number, sending in enumerate(members)]
    assert here.number("SELECT count(*) FROM decision") == MEMBERS - MEMBERS // ONE_BAD_IN
    assert here.verdict() == []
    assert (web.alive(), web.pid) == (True, before)
    assert first < took / 10
    record_property(
        "FZB",
        f"{MEMBERS} members, {MEMBERS // ONE_BAD_IN} of them bad: the first line after {first:.1f} s, the last after "
        f"{took:.1f} s, all decided {settled:.1f} s later",
    )


def member(client: Client, number: int) -> Sending:
    """A bad one in every twenty; of the others every second as published, the rest small, so that all fit in."""
    lrn = f"ZIP{number:05d}"
    if number % ONE_BAD_IN == 0:
        return Sending(client.party, lrn, wrong(number)[0])
    if number % 2:
        return client.declaration(lrn)
    return Sending(client.party, lrn, as_json(tree(lrn, Declarant={"ID": client.party})), JSON_TYPE)


def wrong(number: int) -> tuple[bytes, int, str]:
    return WRONG[number // ONE_BAD_IN % len(WRONG)]


def expected(number: int) -> tuple[int, str | None]:
    return wrong(number)[1:] if number % ONE_BAD_IN == 0 else (202, None)


def name_of(number: int, sending: Sending) -> str:
    return f"{number:05d}.{'json' if sending.media == JSON_TYPE else 'xml'}"


def packed(members: list[Sending]) -> bytes:
    """The archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, sending in enumerate(members):
            archive.writestr(name_of(number, sending), sending.content)
    return written.getvalue()


def sent(client: Client, archive: bytes) -> tuple[float, list[dict[str, Any]]]:
    """The seconds until the first line, and the members' lines as they came."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": ZIP}
    with client.http.stream("POST", client.url + BATCH, content=archive, headers=headers, timeout=60.0) as answer:
        assert answer.status_code == 200, answer.read()
        lines = answer.iter_lines()
        head = msgspec.json.decode(next(lines))
        first = time.monotonic() - began
        told = [msgspec.json.decode(line) for line in lines]
    assert head == {"members": MEMBERS} == {"members": len(told)}
    return first, told
