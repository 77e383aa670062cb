"""Rows FD, FZ and FC: the same again from many sides, poison among good declarations, and clocks that are wrong."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from singlewindow.declarations.reading.intake import Limits, Media, read_message
from singlewindow.declarations.writing.binding import to_json
from tests.faults.conftest import Install
from tests.faults.harness.client import JSON, Answer, Client, Sending, at_once, percentile
from tests.faults.harness.installation import PARTIES, Installation
from tests.faults.harness.poisonable_worker import RAISES
from tests.faults.harness.processes import wait_until

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
ENGINES = pytest.mark.parametrize("engine", ["postgresql", "sqlite"])


def other(sending: Sending, number: int) -> Sending:
    """Other content under the same reference."""
    count = f"<TotalPackageQuantity>{number + 1}".encode()
    return Sending(sending.party, sending.lrn, sending.content.replace(b"<TotalPackageQuantity>", count, 1))


@ENGINES
def test_fd1_two_hundred_at_once(install: Install, record_property: Record, engine: str) -> None:
    here = install(engine)
    here.start(web=2)
    client = here.client()
    sending = client.declaration("SAME0")
    answers = at_once([lambda: client.lodge(sending)] * 200)
    here.settle()
    assert {(answer.status, answer.mrn) for answer in answers} == {(202, answers[0].mrn)}
    assert here.number("SELECT count(*) FROM declaration") == 1
    assert here.verdict() == []
    record_property("FD1", f"{engine}: 200 at once, one declaration, 200 equal answers; {here.log.statuses()}")


@ENGINES
def test_fd2_the_same_reference_with_other_content(install: Install, record_property: Record, engine: str) -> None:
    here = install(engine)
    here.start(web=2)
    client, doubles, rounds = here.client(), 0, 50
    for number in range(rounds):
        plain = client.declaration(f"OTHER{number:03d}0")
        sendings = [other(plain, count) for count in range(20)]
        answers = at_once([_lodging(client, sending) for sending in sendings])
        statuses = sorted(answer.status for answer in answers)
        doubles += statuses.count(202) - 1
        assert statuses == [202] + [409] * 19
        assert len({answer.mrn for answer in answers}) == 1
    here.settle()
    assert here.verdict() == []
    record_property(
        "FD2", f"{engine}: {rounds} x 20 contents under one reference: {doubles} doubles, 409 names the first"
    )


def _lodging(client: Client, sending: Sending) -> Callable[[], Answer]:
    return lambda: client.lodge(sending)


@ENGINES
def test_fd4_the_same_reference_of_two_traders(install: Install, record_property: Record, engine: str) -> None:
    here = install(engine)
    here.start()
    one, two = here.client(PARTIES[0]), here.client(PARTIES[1])
    calls = [_lodging(client, client.declaration(f"BOTH{number:03d}")) for number in range(20) for client in (one, two)]
    answers = at_once(calls)
    here.settle()
    assert len({answer.mrn for answer in answers}) == 40
    mrn = answers[1].mrn
    foreign = one.http.get(f"{here.url}/v1/declarations/{mrn}", headers={"Authorization": f"Bearer {one.key}"})
    assert foreign.status_code == 404
    assert here.verdict() == []
    record_property("FD4", f"{engine}: 20 references of two traders: 40 declarations, 0 leaks")


@ENGINES
def test_fd6_as_xml_and_as_json(install: Install, record_property: Record, engine: str) -> None:
    here = install(engine)
    here.start()
    client = here.client()
    xml = client.declaration("FORM0")
    reading = read_message(xml.content, Media.XML, Limits())
    json_form = Sending(xml.party, xml.lrn, to_json(reading.declaration, reading.enveloped), JSON)
    answers = at_once([_lodging(client, form) for form in [xml, json_form] * 10])
    here.settle()
    assert {(answer.status, answer.mrn) for answer in answers} == {(202, answers[0].mrn)}
    assert here.verdict() == []
    record_property("FD6", f"{engine}: XML and JSON of one declaration, 20 at once: one declaration")


@pytest.mark.alone
def test_fz1_and_fz2_poison_among_good(install: Install, record_property: Record) -> None:
    deadline, count = 60, 200
    here = install(deadline=deadline)
    here.start(workers=0)
    for _ in range(2):
        here.worker(poisonable=True)
    clients = [here.client(party) for party in PARTIES]

    def lodge(references: list[str]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda lrn: clients[0].lodge(clients[0].declaration(lrn)), references))

    def spread(name: str) -> list[str]:
        return [f"{name}{number:05d}" for number in range(count)]

    lodge(spread("CALM"))
    usual = _time_to_decision(here, "CALM", count)
    both = spread("GOOD") + spread(RAISES)
    random.shuffle(both)
    lodge(both)
    mixed = _time_to_decision(here, "GOOD", count)
    here.settle(deadline + 60)
    join = "JOIN version v ON v.id = e.version_id JOIN declaration d ON d.id = v.declaration_id"
    failed = here.rows(
        f"SELECT DISTINCT e.detail FROM event e {join} WHERE kind = 'unanswered' AND lrn NOT LIKE '{RAISES}%'"
    )
    assert failed == [], "a good declaration suffered"
    assert here.number(f"SELECT count(*) FROM event e {join} WHERE kind = 'parked' AND lrn NOT LIKE '{RAISES}%'") == 0
    assert here.verdict() == []
    assert mixed <= max(1.2 * usual, usual + 1.0)
    record_property("FZ1", "every poisonous declaration was tried three times, parked, and inspected at its deadline")
    record_property("FZ2", f"{count} poison among {count} good: p95 {mixed:.2f} s, {usual:.2f} s without")


def _time_to_decision(here: Installation, name: str, count: int) -> float:
    """The 95th percentile of lodged to decided, in seconds, when `count` with this name are decided."""
    query = f"FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE lrn LIKE '{name}%' AND decided_at > 0"
    wait_until(lambda: here.number(f"SELECT count(*) {query}") == count, 90, f"{name} is decided")
    times = here.rows(f"SELECT v.decided_at - v.lodged_at {query}")
    return percentile((int(str(row[0])) / 1_000_000 for row in times), 0.95)


def hostile(number: int) -> bytes:
    """Bodies that try to use the parser up: deep, wide, or with entities."""
    deep = b"<a>" * 50_000
    wide = b'<?xml version="1.0"?><a ' + b" ".join(b'b%d="1"' % count for count in range(20_000)) + b"/>"
    laugh = b'<!DOCTYPE a [<!ENTITY b "' + b"ha" * 1000 + b'"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;&c;</a>'
    return (deep, wide, laugh, b"<a>" + b"\0" * 100_000)[number % 4]


def test_fz3_bodies_that_use_the_parser_up(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(8, "CALM"):
        time.sleep(15)
    usual = percentile((answer.seconds for answer in here.log.answers()), 0.95)
    attacker, ending = here.client(PARTIES[2]), threading.Event()
    statuses: set[int] = set()

    def attack() -> None:
        for number in range(10_000):
            if ending.wait(0.1):
                return
            answer = attacker.send(Sending(attacker.party, "HOSTILE", hostile(number)))
            statuses.add(answer.status)

    thread = threading.Thread(target=attack)
    thread.start()
    with here.load(8, "GOOD"):
        time.sleep(20)
    ending.set()
    thread.join()
    here.settle()
    good = [answer for answer in here.log.answers() if answer.sending.lrn.startswith("GOOD")]
    p95 = percentile((answer.seconds for answer in good), 0.95)
    (web,) = here.all("web")
    assert here.verdict() == []
    assert web.starts == 1
    assert statuses <= {400, 413, 415, 422}, statuses
    assert p95 <= max(1.5 * usual, usual + 0.1)
    record_property(
        "FZ3",
        f"10 a second for 20 s: {sorted(statuses)}, 0 restarts, p95 {p95 * 1000:.0f} ms, usual {usual * 1000:.0f}",
    )


@pytest.mark.parametrize("offset", [3600, -3600])
def test_fc1_a_worker_and_a_dispatcher_with_a_wrong_clock(
    install: Install, record_property: Record, offset: int
) -> None:
    deadline = 8
    here = install(deadline=deadline)
    here.web()
    here.worker(CLOCK_OFFSET_S=str(offset))
    here.dispatcher(CLOCK_OFFSET_S=str(offset))
    here.wait_ready()
    with here.load(10, "ON"):
        time.sleep(5)
    here.settle()
    early = here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
    here.all("worker")[0].end()
    here.keeper.drop(here.all("worker")[0])
    client = here.client()
    client.lodge(client.declaration("LATE0"))
    here.settle()
    late = here.rows("SELECT decided_at - lodged_at FROM version ORDER BY lodged_at DESC LIMIT 1")
    seconds = int(str(late[0][0])) / 1_000_000
    assert here.verdict() == []
    assert early == 0
    assert deadline <= seconds <= deadline + 5
    record_property(
        "FC1", f"clock {offset:+d} s: 0 early; silence after {seconds:.1f} s where the deadline is {deadline} s"
    )


def test_fc2_the_clock_jumps_back(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(10):
        time.sleep(4)
        for process in here.keeper.processes:  # every process now lives ten minutes ago
            process.environment["CLOCK_OFFSET_S"] = "-600"
            process.kill()
        time.sleep(6)
    here.settle()
    assert here.verdict() == []  # times run forward, among others
    record_property("FC2", f"10 minutes back in the middle: {here.log.statuses()[202]} accepted, 0 negative durations")
