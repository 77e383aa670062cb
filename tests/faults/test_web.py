"""Rows FW: the web process is killed, stopped, starved and replaced while declarations come in."""

from __future__ import annotations

import random
import resource
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import Answer, Client, Sending, at_once, percentile
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import Process

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]


def stored(here: Installation, lrn: str) -> list[tuple[object, ...]]:
    return here.rows(f"SELECT mrn FROM declaration WHERE lrn = '{lrn}'")


def killed_at(here: Installation, point: str, times: int) -> list[tuple[list[tuple[object, ...]], str | None]]:
    """Kill the web at `point` that many times: what was stored of each dead attempt, and the MRN of its retry."""
    here.dispatcher()
    here.worker()
    web = here.web(FAULT_POINT=f"{point}=kill@2")  # each process stores one retry, and dies with the next declaration
    here.wait_ready()
    client = here.client()
    assert client.send(client.declaration("FIRST")).status == 202
    outcomes = []
    for number in range(times):
        sending = client.declaration(f"KILLED{number:04d}")
        assert client.send(sending).status == 0
        assert web.wait(10) == -signal.SIGKILL
        left = stored(here, sending.lrn)
        outcomes.append((left, client.lodge(sending).mrn))
    web.environment.pop("FAULT_POINT")
    here.settle()
    return outcomes


def fw1(here: Installation, times: int) -> str:
    outcomes = killed_at(here, "before_commit", times)
    assert [left for left, _ in outcomes if left] == []
    assert len({mrn for _, mrn in outcomes}) == times
    assert here.verdict() == []
    return f"{times}/{times} retries gave one declaration, 0 rows from dead attempts"


def fw2(here: Installation, times: int) -> str:
    outcomes = killed_at(here, "after_commit", times)
    assert [(left, mrn) for left, mrn in outcomes if left != [(mrn,)]] == []
    assert here.verdict() == []
    return f"{times}/{times} retries gave the MRN that stood already, 0 doubled"


def test_fw1_web_killed_before_the_commit(install: Install, record_property: Record) -> None:
    record_property("FW1", fw1(install(), 100))


def test_fw2_web_killed_after_the_commit_and_before_the_reply(install: Install, record_property: Record) -> None:
    record_property("FW2", fw2(install(), 100))


def test_fw3_web_killed_at_random_under_load(install: Install, record_property: Record, seed: int) -> None:
    here = install()
    here.start(web=3)
    chance, kills = random.Random(seed), 0
    with here.load(10):
        for _ in range(15):
            time.sleep(2.0)
            chance.choice(here.all("web")).kill()
            kills += 1
    here.settle()
    statuses = here.log.statuses()
    failed = 1 - statuses[202] / sum(statuses.values())
    assert here.verdict() == []
    assert failed <= 0.05, statuses
    record_property(
        "FW3", f"{kills} kills, {statuses[202]} accepted, {failed:.1%} of attempts failed (at most 5 %), 0 lost"
    )


def test_fw4_one_web_process_frozen(install: Install, record_property: Record) -> None:
    here = install()
    here.start(web=2)
    with here.load(8, "CALM"):
        time.sleep(12)
    usual = percentile((answer.seconds for answer in here.log.answers()), 0.99)
    frozen = here.all("web")[0]
    with here.load(8, "COLD"):
        frozen.signal(signal.SIGSTOP)
        begun = time.monotonic()
        time.sleep(20)
        thawed = time.monotonic()
        frozen.signal(signal.SIGCONT)
    here.settle()
    during = [answer for answer in here.log.answers(begun, thawed) if answer.sending.lrn.startswith("COLD")]
    stalled = [answer for answer in during if answer.seconds > 5.0]
    others = percentile((answer.seconds for answer in during if answer not in stalled), 0.99)
    assert here.verdict() == []
    assert len(stalled) <= 3, "only what the frozen process had accepted may wait for it"
    assert others <= max(2 * usual, 0.2)
    record_property(
        "FW4", f"p99 of the others {others * 1000:.0f} ms, usual {usual * 1000:.0f} ms, {len(stalled)} stalled"
    )


def large(client: Client, number: int, size: int) -> Sending:
    """A declaration that is mostly room between its elements."""
    plain = client.declaration(f"LARGE{number:04d}")
    content = plain.content.replace(b"<Agent>", b" " * size + b"<Agent>")
    return Sending(plain.party, plain.lrn, content)


def sending(client: Client, declaration: Sending) -> Callable[[], Answer]:
    return lambda: client.send(declaration, 12.0)


def test_fw5_web_out_of_memory(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    (web,) = here.all("web")
    client = here.client()
    assert client.send(client.declaration("WARM")).status == 202
    status = Path(f"/proc/{web.pid}/status").read_text()
    in_use = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData"))
    for burst, spare in enumerate((12_000_000, 6_000_000, 3_000_000, 0)):
        resource.prlimit(web.pid, resource.RLIMIT_DATA, (in_use + spare, resource.RLIM_INFINITY))
        at_once([sending(client, large(client, burst * 8 + number, 2_000_000)) for number in range(8)])
    answers = here.log.answers()
    longest = max(answer.seconds for answer in answers)
    web.kill()  # what an operator's limit on memory does next; it comes back without the limit
    for answer in answers:
        client.lodge(answer.sending)
    here.settle()
    assert here.verdict() == []
    assert longest <= 10.0
    bad = [answer for answer in answers if answer.status not in {0, 202, 413, 503}]
    assert bad == [], bad[0].body
    record_property("FW5", f"32 of 2 MB without memory: longest {longest:.1f} s, {here.log.statuses()}, 0 lost")


def test_fw6_web_out_of_file_descriptors(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    (web,) = here.all("web")
    client = here.client()
    limit = len(list(Path(f"/proc/{web.pid}/fd").iterdir())) + 20
    resource.prlimit(web.pid, resource.RLIMIT_NOFILE, (limit, limit))
    host, port = here.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port)), 5.0) for _ in range(64)]
    try:
        meanwhile = client.send(client.declaration("MEANWHILE"), 12.0)
    finally:
        for connection in idle:
            connection.close()
    begun = time.monotonic()
    answer = client.lodge(client.declaration("AFTER"), 10.0)
    took = time.monotonic() - begun
    here.settle()
    assert answer.status == 202
    assert took <= 10.0
    assert meanwhile.status in {0, 202, 503}
    assert here.verdict() == []
    record_property("FW6", f"recovered in {took:.1f} s (at most 10); meanwhile status {meanwhile.status}")


def replaced(here: Installation, old: Process) -> None:
    """Start a new web process, and end the old one in order once the new one is there."""
    new = here.web()
    time.sleep(3.0)
    old.kept = False
    assert old.end() == 0
    here.keeper.drop(old)
    assert new.alive()


def test_fw7_deployment_under_load_with_two_processes(install: Install, record_property: Record) -> None:
    here = install()
    here.start(web=2)
    with here.load(15):
        for _ in range(3):
            replaced(here, here.all("web")[0])
    here.settle()
    assert here.log.statuses().keys() == {202}, here.log.statuses()
    assert here.verdict() == []
    record_property("FW7", f"3 replaced of 2: {here.log.statuses()[202]} accepted, 0 errors of any kind")


def test_fw7_deployment_under_load_with_one_process(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(15):
        for _ in range(3):
            time.sleep(2)
            here.all("web")[0].end()  # the keeper starts it again
    here.settle()
    assert here.verdict() == []
    record_property("FW7b", f"3 restarts of 1: {here.log.statuses()}, 0 lost")
