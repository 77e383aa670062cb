"""Rows FR: the queue server is killed, emptied, frozen, filled and lied to; the trader never notices."""

from __future__ import annotations

import json
import pickle
import shutil
import signal
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import percentile
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.proxy import Mode

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
RESUME_SECONDS = 30.0
LONG_AGO = "2026-01-01T00:00:00.000000Z"


def wait_for_work(here: Installation) -> None:
    wait_until(
        lambda: here.number("SELECT count(*) FROM outbox WHERE batch_id IS NOT NULL") > 0, 20, "batches are open"
    )


def answered_within(here: Installation, seconds: float) -> float:
    """Until everything that is open now is answered; what comes later does not count."""
    newest = here.number("SELECT coalesce(max(asked_at), 0) FROM outbox")
    return wait_until(
        lambda: here.number(f"SELECT count(*) FROM outbox WHERE asked_at <= {newest}") == 0, seconds, "all is answered"
    )


def nobody_noticed(here: Installation, unhurried: bool = False) -> float:
    """Accepting went on as if nothing were; its 99th percentile in seconds."""
    p99 = percentile((answer.seconds for answer in here.log.answers()), 0.99)
    assert here.log.statuses().keys() == {202}, here.log.statuses()
    assert p99 <= 0.5 or unhurried
    assert here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'") == 0
    assert here.verdict() == []
    return p99 * 1000


def test_fr1_killed_and_back_empty(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    took = []
    with here.load(10):
        for _ in range(4):
            time.sleep(2)
            wait_for_work(here)
            here.queue.process.kill()
            here.queue.empty_folder()
            time.sleep(1)
            here.queue.start()
            took.append(answered_within(here, RESUME_SECONDS))
    here.settle()
    p99 = nobody_noticed(here)
    record_property("FR1", f"4 times: all open answered after {max(took):.1f} s (at most 30), accept p99 {p99:.0f} ms")


def fr2(here: Installation, times: int, unhurried: bool = False) -> str:
    """The queue is emptied under load."""
    here.start()
    with here.load(15), here.queue.client() as client:
        for _ in range(times):
            time.sleep(1.0)
            client.flushall()
        took = answered_within(here, RESUME_SECONDS)
    here.settle()
    p99 = nobody_noticed(here, unhurried)
    accepted = here.log.statuses()[202]
    return f"{times} times emptied, {accepted} accepted: answered {took:.1f} s after the last, p99 {p99:.0f} ms"


def test_fr2_emptied_under_load(install: Install, record_property: Record) -> None:
    record_property("FR2", fr2(install(), 20))


def test_fr3_frozen(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(10):
        time.sleep(3)
        here.queue.process.signal(signal.SIGSTOP)
        time.sleep(30)
        here.queue.process.signal(signal.SIGCONT)
        took = answered_within(here, RESUME_SECONDS)
    here.settle()
    p99 = nobody_noticed(here)
    record_property(
        "FR3", f"frozen 30 s: accept p99 {p99:.0f} ms (at most 500), 0 errors; all answered {took:.1f} s after"
    )


def test_fr3_unreachable_behind_a_dead_network(install: Install, record_property: Record) -> None:
    here = install()
    proxy = here.through_queue_proxy()
    here.start()
    with here.load(10):
        time.sleep(3)
        proxy.behave(Mode.BLACKHOLE)
        time.sleep(20)
        proxy.behave(Mode.RESET)
        time.sleep(2)
        proxy.behave(Mode.PASS)
        took = answered_within(here, 2 * RESUME_SECONDS)
    here.settle()
    p99 = nobody_noticed(here)
    record_property("FR3b", f"black hole 20 s, then resets: accept p99 {p99:.0f} ms; all answered {took:.1f} s after")


def test_fr4_down_for_long(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(10):
        time.sleep(2)
        here.queue.process.kill()
        time.sleep(45)
        here.queue.start()
        took = answered_within(here, 300)
    here.settle()
    p99 = nobody_noticed(here)
    record_property("FR4", f"down 45 s: accept p99 {p99:.0f} ms; drained in {took:.1f} s (at most 300)")


def refuses_writes(here: Installation, refuse: tuple[str, ...], take: tuple[str, ...]) -> float:
    """The queue server answers and refuses to store for 15 s; how long what is open then took."""
    here.start()
    with here.load(10), here.queue.client() as client:
        time.sleep(2)
        client.execute_command(*refuse)
        time.sleep(15)
        client.execute_command(*take)
        took = answered_within(here, 2 * RESUME_SECONDS)
    here.settle()
    return took


def test_fr5_out_of_memory(install: Install, record_property: Record) -> None:
    here = install()
    took = refuses_writes(here, ("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"))
    p99 = nobody_noticed(here)
    record_property("FR5", f"no memory for 15 s: accept p99 {p99:.0f} ms, 0 lost; all answered {took:.1f} s after")


def test_fr6_read_only(install: Install, record_property: Record) -> None:
    here = install()
    took = refuses_writes(here, ("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"))
    p99 = nobody_noticed(here)
    record_property("FR6", f"read-only for 15 s: accept p99 {p99:.0f} ms, 0 lost; all answered {took:.1f} s after")


def test_fr7_back_with_an_old_file(install: Install, record_property: Record) -> None:
    here = install()
    here.start(workers=0)
    old = here.folder / "old-queue"
    with here.load(10):
        time.sleep(3)
        with here.queue.client() as client:
            waiting = client.llen("rq:queue:assess")
        time.sleep(1.5)  # longer than the file's own rhythm of once a second
        shutil.copytree(here.queue.folder, old, ignore=shutil.ignore_patterns("*.sock"))
        for _ in range(2):
            here.worker()
        time.sleep(10)
        here.queue.process.kill()
        shutil.rmtree(here.queue.folder)
        shutil.copytree(old, here.queue.folder)
        here.queue.start()
        answered_within(here, RESUME_SECONDS)
    here.settle()
    assert waiting
    nobody_noticed(here)
    record_property("FR7", f"{waiting} old jobs came back and did nothing: 0 recorded twice")


def test_fr8_hostile_jobs_in_the_queue(install: Install, record_property: Record) -> None:
    here = install()
    here.start(workers=1)
    pickled, called = here.folder / "pickled", here.folder / "called"
    payloads = {
        "pickle": pickle.dumps((_Touch(pickled), None, (), {})),
        "json": json.dumps(["pathlib.Path.touch", None, [str(called)], {}]).encode(),
        "call": json.dumps(["os.mkdir", None, [str(called)], {}]).encode(),
        "junk": b"\x00\xff not a job",
    }
    with here.queue.client() as client:
        for name, payload in payloads.items():
            fields = {
                "status": "queued",
                "origin": "assess",
                "timeout": "60",
                "created_at": LONG_AGO,
                "enqueued_at": LONG_AGO,
            }
            client.hset(f"rq:job:{name}", mapping={**fields, "data": zlib.compress(payload)})
            client.rpush("rq:queue:assess", name)
        client.rpush("rq:queue:assess", "nobody", b"\xff\xfe", "x" * 100_000)
        wait_until(lambda: client.llen("rq:queue:assess") == 0, 60, "the queue is worked off")
    trader = here.client()
    trader.lodge(trader.declaration("AFTER0"))
    took = here.settle(RESUME_SECONDS)
    assert not pickled.exists()
    assert not called.exists()
    nobody_noticed(here)
    record_property(
        "FR8", f"4 hostile jobs and 3 hostile ids: no canary written, the next question answered in {took:.1f} s"
    )


class _Touch:
    """Unpickling it writes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self._path,))
