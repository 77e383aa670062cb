"""Row FZ3: large messages end the processes that read them, ten a second, and nobody else notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import Answer, Client, Log, Sending, percentile
from tests.faults.harness.installation import Installation

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]
Record = Callable[[str, object], None]
SECONDS, A_SECOND = 15.0, 10


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
