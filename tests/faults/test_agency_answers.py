"""Rows FA5 to FA8 and FA12: agencies that answer twice, in two ways, too late, for others, or all at one moment."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.agency_server import GREEN, INSPECT, OTHER, AgencyServer, agency_server
from tests.faults.conftest import Install
from tests.faults.harness.agencies import AgencyClient
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import wait_until

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
AGENCY = "customs"
DECISIONS = "SELECT version_id, outcome, lane, fingerprint, decided_at FROM decision ORDER BY version_id"
DECLARATIONS = 20
ROUNDS, RATE = 1_000, 15.0


@pytest.fixture
def server() -> Iterator[AgencyServer]:
    with agency_server() as running:
        yield running


def with_customs(here: Installation, server: AgencyServer) -> AgencyClient:
    """Customs is asked over HTTP, and sends answers by itself."""
    here.make_remote(AGENCY, server.url)
    here.start(workers=1, remote_workers=1)
    return here.agency_client(AGENCY)


def events(here: Installation, kind: str) -> int:
    return here.number(f"SELECT count(*) FROM event WHERE kind = '{kind}'")


def answers(here: Installation) -> Counter[object]:
    """How many questions to customs have which answer in which lane."""
    rows = here.rows(f"SELECT answer || ' ' || lane FROM assessment WHERE agency = '{AGENCY}'")
    return Counter(row[0] for row in rows)


def lodge(here: Installation, name: str, number: int = DECLARATIONS) -> None:
    client = here.client()
    for position in range(number):
        client.lodge(client.declaration(f"{name}{position:03d}"))


def test_fa5_the_same_answer_twice(install: Install, record_property: Record, server: AgencyServer) -> None:
    here = install()
    agency = with_customs(here, server)
    receipts: dict[str, list[httpx.Response]] = {}
    server.callback = lambda question, answer: receipts.setdefault(question["question"], []).append(
        agency.send(question["question"], answer)
    )
    server.mode = "later_twice"
    lodge(here, "TWICE")
    here.settle()
    wait_until(lambda: sum(map(len, receipts.values())) == 2 * DECLARATIONS, 20, "everything is sent twice")
    alike = sum(first.content == second.content for first, second in receipts.values())
    assert here.verdict() == []
    assert {receipt.status_code for pair in receipts.values() for receipt in pair} == {200}
    assert alike == DECLARATIONS
    assert answers(here) == {"assessed green": DECLARATIONS}
    assert events(here, "contradicted") == 0
    record_property("FA5", f"{DECLARATIONS} answers sent twice: {alike} pairs of equal receipts, 1 answer each")


@pytest.mark.parametrize("mode", ["later_two_ways", "early"])
def test_fa6_two_answers_that_contradict_each_other(
    install: Install, record_property: Record, server: AgencyServer, mode: str
) -> None:
    here = install()
    agency = with_customs(here, server)
    statuses: list[int] = []
    server.callback = lambda question, answer: statuses.append(agency.send(question["question"], answer).status_code)
    server.mode = mode
    lodge(here, "TWOWAYS")
    here.settle()
    sent = DECLARATIONS * (2 if mode == "later_two_ways" else 1)
    wait_until(lambda: len(statuses) == sent, 20, "everything is sent")
    first = "assessed green" if mode == "later_two_ways" else "assessed red"
    refused = DECLARATIONS if mode == "later_two_ways" else 0
    assert here.verdict() == []
    assert Counter(statuses) == Counter({200: DECLARATIONS, 409: refused})
    assert answers(here) == {first: DECLARATIONS}
    assert events(here, "contradicted") == DECLARATIONS
    row = "FA6" if mode == "later_two_ways" else "FA6b"
    record_property(
        row, f"{mode}: {DECLARATIONS} times the first counts, {DECLARATIONS} contradictions noted once each"
    )


def test_fa7_answers_after_the_decision(install: Install, record_property: Record, server: AgencyServer) -> None:
    here = install(deadline=5)
    agency = with_customs(here, server)
    server.mode = "silent"
    lodge(here, "LATE")
    here.settle()
    before = here.rows(DECISIONS)
    receipts = [agency.send(question["question"], INSPECT) for question in server.questions]
    again = [agency.send(question["question"], INSPECT) for question in server.questions]
    other = [agency.send(question["question"], OTHER).status_code for question in server.questions]
    changed = sum(one != two for one, two in zip(before, here.rows(DECISIONS), strict=True))
    assert here.verdict() == []
    assert [receipt.json()["late"] for receipt in receipts] == [True] * DECLARATIONS
    assert [receipt.content for receipt in again] == [receipt.content for receipt in receipts]
    assert other == [409] * DECLARATIONS
    assert changed == 0
    assert answers(here) == {"silent orange": DECLARATIONS}
    assert here.number("SELECT count(*) FROM late_assessment") == DECLARATIONS
    assert (events(here, "late"), events(here, "contradicted")) == (DECLARATIONS, DECLARATIONS)
    record_property(
        "FA7", f"{DECLARATIONS} late answers kept and noted, sent again and otherwise: {changed} decisions changed"
    )


def test_fa8_answers_for_what_is_not_the_agency_s(
    install: Install, record_property: Record, server: AgencyServer
) -> None:
    """Firearms is asked about one of the two declarations only, customs about both."""
    here = install()
    here.make_remote("firearms", server.url)
    customs = with_customs(here, server)
    firearms, stranger = here.agency_client("firearms"), here.agency_client("medicines")
    server.mode = "silent"
    client = here.client()
    client.lodge(client.declaration("SHOES0"))
    wait_until(lambda: server.calls == 1, 20)
    client.lodge(client.declaration("PISTOLS1"))
    wait_until(lambda: server.calls == 3, 20)
    wait_until(lambda: here.number("SELECT count(*) FROM outbox WHERE NOT awaiting") == 0, 20)
    shoes, pistols = server.questions[0]["question"], server.questions[1]["question"]
    standing = "SELECT version_id, agency, attempts, awaiting, parked FROM outbox ORDER BY 1, 2"
    before = here.rows(standing), answers(here), here.rows("SELECT count(*) FROM event")
    foreign = INSPECT | {"findings": [INSPECT["findings"][0] | {"item": "77"}]}  # type: ignore[index]
    attempts = [
        firearms.send(shoes, GREEN), firearms.send("0000000000ABC", GREEN), firearms.send(pistols, GREEN, "customs"),
        customs.send(pistols, GREEN, "firearms"), customs.send("Z" * 13, GREEN), customs.send(shoes.lower(), GREEN),
        stranger.send(pistols, GREEN), stranger.send(pistols, GREEN, "customs"), customs.send(shoes, foreign),
    ]  # fmt: skip
    after = here.rows(standing), answers(here), here.rows("SELECT count(*) FROM event")
    statuses = [attempt.status_code for attempt in attempts]
    assert statuses == [404] * (len(attempts) - 1) + [422]
    assert after == before
    own = [customs.send(shoes, GREEN), customs.send(pistols, GREEN), firearms.send(pistols, INSPECT)]
    here.settle()
    assert [receipt.status_code for receipt in own] == [200] * 3
    assert here.verdict() == []
    record_property("FA8", f"{len(attempts)} answers for what is another's or unknown: 404 or 422 each, 0 written")


class AtTheDeadline:
    """Sends two contradictory answers to every question around the moment of its deadline; what came of each."""

    def __init__(self, agency: AgencyClient, chance: random.Random) -> None:
        self._agency, self._chance = agency, chance
        self._pool = ThreadPoolExecutor(16)
        self._sent: list[tuple[str, Future[httpx.Response]]] = []
        self.questions: set[str] = set()

    def take(self, question: dict[str, Any], _answer: object) -> None:
        """Arrange for both answers at one moment; the sweep for silence passes within half a second."""
        if question["question"] in self.questions:
            return
        self.questions.add(question["question"])
        deadline = datetime.fromisoformat(question["deadline"]).timestamp()
        pause = deadline - time.time() + self._chance.uniform(-0.1, 0.5)
        timer = threading.Timer(max(0.0, pause), self._both, [question["question"]])
        timer.daemon = True
        timer.start()

    def _both(self, question: str) -> None:
        for lane, answer in (("green", GREEN), ("yellow", OTHER)):
            self._sent.append((lane, self._pool.submit(self._agency.send, question, answer)))

    def replies(self) -> list[tuple[str, httpx.Response]]:
        """The service's reply to each answer, once all are sent."""
        wait_until(lambda: len(self._sent) == 2 * len(self.questions), 30, "everything is sent")
        return [(lane, reply.result()) for lane, reply in self._sent]


def test_fa12_two_answers_and_the_deadline_at_one_moment(
    install: Install, record_property: Record, server: AgencyServer, seed: int
) -> None:
    here = install(deadline=6)
    sender = AtTheDeadline(with_customs(here, server), random.Random(seed))
    server.callback, server.mode = sender.take, "later"
    with here.load(RATE):
        wait_until(lambda: len(sender.questions) >= ROUNDS, 4 * ROUNDS / RATE, f"{ROUNDS} questions are asked")
    here.settle()
    replies, given = sender.replies(), answers(here)
    counted = Counter((lane, reply.status_code, reply.json().get("late")) for lane, reply in replies)
    doubles = here.number("SELECT count(*) - count(DISTINCT version_id) FROM event WHERE kind = 'decided'")
    late = here.number("SELECT count(*) FROM late_assessment")
    assert here.verdict() == []
    assert doubles == 0
    # What the agency was told is what stands: one of the two answers counts or is late, the other is a conflict.
    assert [counted[lane, 200, False] for lane in ("green", "yellow")] == [
        given[f"assessed {lane}"] for lane in ("green", "yellow")
    ]
    assert sum(count for (_, status, after), count in counted.items() if (status, after) == (200, True)) == late
    assert sum(count for (_, status, _), count in counted.items() if status == 409) == len(sender.questions)
    assert min(given["assessed green"], given["assessed yellow"], late) > 0
    numbers = f"{given['assessed green']} green, {given['assessed yellow']} yellow, {late} late"
    record_property("FA12", f"{len(sender.questions)} rounds ({numbers}): {doubles} doubled decisions")
