"""Rows FK: workers and dispatchers are killed, frozen, poisoned and taken away."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from rq import Worker
from sqlalchemy.exc import DBAPIError

from tests.faults.conftest import Install
from tests.faults.harness.client import percentile
from tests.faults.harness.installation import Installation
from tests.faults.harness.poisonable_worker import CRASHES, HANGS, RAISES, SLOW
from tests.faults.harness.processes import Process, children, wait_until

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
Question = tuple[object, object]
AT_WORK_SECONDS = 20.0


class Orphans:
    """Questions that a killed worker held, and how long each took to be answered after the kill."""

    def __init__(self, here: Installation) -> None:
        self._here = here
        self._open: dict[Question, float] = {}
        self.resumed: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def kill_one_at_work(self, chance: random.Random) -> None:
        """Kill a worker that has a job in hand, chosen by chance; fails where none has for a while."""
        end = time.monotonic() + AT_WORK_SECONDS
        while time.monotonic() < end:
            busy = [worker for worker in self._here.all("worker") if worker.alive() and self._in_hand(worker.pid)]
            if busy:
                self.kill(chance.choice(busy))
                return
            time.sleep(0.02)
        raise AssertionError(f"no worker had a job in hand within {AT_WORK_SECONDS} s")

    def kill(self, worker: Process) -> None:
        """Freeze the worker, read which batch it has in hand, and kill it."""
        worker.signal(signal.SIGSTOP)
        batch = self._in_hand(worker.pid)
        held = self._here.rows(f"SELECT version_id, agency FROM outbox WHERE batch_id = {batch}") if batch else []
        worker.kill()
        now = time.monotonic()
        self._open |= {(row[0], row[1]): now for row in held}

    def _in_hand(self, pid: int) -> int | None:
        with self._here.queue.client() as client:
            for worker in Worker.all(connection=client):
                job = worker.get_current_job_id() if worker.pid == pid else None
                if job:
                    return int(job.removeprefix("batch-"))
        return None

    def __enter__(self) -> Orphans:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            self.look()

    def look(self) -> None:
        """Take out what has been answered since."""
        waiting = dict(self._open)
        with suppress(DBAPIError):
            still = {(row[0], row[1]) for row in self._here.rows("SELECT version_id, agency FROM outbox")}
            for question, killed in waiting.items():
                if question not in still and self._open.pop(question, 0.0):
                    self.resumed.append(time.monotonic() - killed)


def fk1(here: Installation, kills: int, seed: int) -> str:
    """Workers killed in the middle of jobs."""
    chance = random.Random(seed)
    here.web()
    here.dispatcher()
    for _ in range(4):
        here.worker(poisonable=True)
    here.wait_ready()
    with Orphans(here) as orphans:
        with here.load(3, SLOW):
            for _ in range(kills):
                time.sleep(chance.uniform(1.0, 1.8))
                orphans.kill_one_at_work(chance)
        here.settle(90)
        orphans.look()
    p95, longest = percentile(orphans.resumed, 0.95), max(orphans.resumed, default=0.0)
    silent = here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
    assert here.verdict() == []
    assert orphans.resumed, "no worker was killed in the middle of a job"
    assert p95 <= 15.0
    assert longest <= 30.0
    resumed = f"{len(orphans.resumed)} questions orphaned: p95 {p95:.1f} s, max {longest:.1f} s"
    return f"{kills} kills, {resumed}, {silent} parked"


@pytest.mark.alone
def test_fk1_workers_killed_in_the_middle_of_jobs(install: Install, record_property: Record, seed: int) -> None:
    # So many kills would hit some question three times and park it; that is FK8's matter, here work must resume.
    record_property("FK1", fk1(install(settings={"SW_ATTEMPTS": "20"}), 200, seed))


def test_fk2_a_killed_worker_leaves_no_orphan_that_writes(install: Install, record_property: Record) -> None:
    here = install()
    here.web()
    here.dispatcher()
    worker = here.worker(kept=False, FAULT_POINT="before_write=sleep")
    here.wait_ready()
    client = here.client()
    client.lodge(client.declaration("ORPHAN0"))
    wait_until(lambda: here.number("SELECT count(*) FROM batch WHERE claimed") > 0, 20)
    working = children(worker.pid)
    worker.kill()
    here.worker()
    here.settle()
    assert working == [], "the job runs in the worker itself, so there is nobody to be orphaned"
    assert here.verdict() == []
    record_property("FK2", "the job runs in the worker's own process: 0 orphans, 0 double answers")


def test_fk3_killed_between_queue_and_worker(install: Install, record_property: Record) -> None:
    here = install()
    here.web()
    here.dispatcher()
    here.wait_ready()
    client, took = here.client(), []
    for number in range(10):
        worker = here.worker(kept=False, poisonable=True, DEQUEUE_KILL="1")
        client.lodge(client.declaration(f"WINDOW{number:03d}0"))
        assert worker.wait(30) == -signal.SIGKILL
        begun = time.monotonic()
        second = here.worker(kept=False)
        here.settle(30)
        took.append(time.monotonic() - begun)
        second.end()
    assert here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'") == 0
    assert here.verdict() == []
    assert max(took) <= 30.0
    record_property("FK3", f"10 jobs lost in the window, asked again within {max(took):.1f} s (at most 30)")


def zombie_writer(here: Installation, point: str) -> list[str]:
    """A worker frozen at `point` past its lease, which goes on when another has done its work."""
    here.web()
    here.dispatcher()
    zombie = here.worker(kept=False, FAULT_POINT=f"{point}=stop@1")
    here.wait_ready()
    client = here.client()
    client.lodge(client.declaration("ZOMBIE0"))
    wait_until(lambda: _state(zombie.pid) == "T", 20, "the worker is frozen")
    here.worker()
    here.settle()
    query = "SELECT version_id, agency, answered_at FROM assessment ORDER BY 1, 2"
    before = here.rows(query)
    zombie.signal(signal.SIGCONT)
    time.sleep(3.0)
    assert zombie.alive()
    assert here.rows(query) == before
    assert here.log.accepted()
    return here.verdict()


def _state(pid: int) -> str:
    from pathlib import Path

    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("point", ["after_claim", "before_write", "after_write"])
def test_fk4_a_frozen_worker_that_wakes_writes_nothing(install: Install, record_property: Record, point: str) -> None:
    assert zombie_writer(install(), point) == []
    record_property("FK4", f"frozen at {point} past its lease: 0 writes under the old batch")


def test_fk5_a_worker_that_hangs_in_an_agency_is_free_again(install: Install, record_property: Record) -> None:
    deadline, limit = 50, 60  # seconds: of the agencies, and of one job
    here = install(deadline=deadline)
    here.web()
    here.wait_ready()
    client = here.client()
    for number in range(2):  # both hang, in one batch
        client.lodge(client.declaration(f"{HANGS}{number * 4}"))
    here.dispatcher()
    worker = here.worker(poisonable=True)
    wait_until(lambda: here.number("SELECT count(*) FROM batch WHERE claimed") > 0, 30, "the hanging batch is claimed")
    begun = time.monotonic()
    time.sleep(deadline)
    good = client.lodge(client.declaration("GOOD0"))
    released = "SELECT count(*) FROM decision c JOIN version v ON v.id = c.version_id JOIN declaration d"
    released += f" ON d.id = v.declaration_id WHERE d.mrn = '{good.mrn}' AND c.outcome = 'release'"
    wait_until(lambda: here.number(released) == 1, 45, "the worker is free again")
    took = time.monotonic() - begun
    here.settle(90)
    assert here.verdict() == []
    assert worker.starts == 1
    assert took <= limit + 5
    record_property("FK5", f"two declarations hang in one batch: the worker was free after {took:.0f} s (60 and 5)")


def test_fk6_all_workers_away(install: Install, record_property: Record) -> None:
    here = install()
    here.start(workers=0)
    rate, seconds = 10.0, 40.0
    with here.load(rate):
        time.sleep(seconds)
    p99 = percentile((answer.seconds for answer in here.log.answers()), 0.99)
    waiting = here.number("SELECT count(DISTINCT version_id) FROM outbox")
    for _ in range(2):
        here.worker()
    wait_until(lambda: here.number("SELECT count(*) FROM decision") > 0, 30)
    speed = waiting / here.settle()
    assert here.verdict() == []
    assert here.log.statuses().keys() == {202}
    assert p99 <= 0.5
    assert speed >= 5 * rate
    record_property(
        "FK6", f"accept p99 {p99 * 1000:.0f} ms; {waiting} declarations drained at {speed:.0f}/s ({rate:.0f}/s came)"
    )


def test_fk7_dispatchers_killed_and_three_at_once(install: Install, record_property: Record, seed: int) -> None:
    here = install()
    here.start(dispatchers=3)
    chance = random.Random(seed)
    with here.load(15):
        for _ in range(20):
            time.sleep(chance.uniform(0.5, 1.5))
            chance.choice(here.all("dispatcher")).kill()
    here.settle()
    assert here.verdict() == []
    again = here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
    assert again == 0
    record_property("FK7", f"20 kills of 3 dispatchers, {here.log.statuses()[202]} accepted, 0 doubled, 0 lost")


def test_fk7_killed_between_the_batch_and_the_bell(install: Install, record_property: Record) -> None:
    here = install()
    here.start(dispatchers=0)
    dispatcher = here.dispatcher(FAULT_POINT="before_ring=kill@1")
    client = here.client()
    client.lodge(client.declaration("UNRUNG0"))
    assert dispatcher.wait(20) == -signal.SIGKILL
    dispatcher.environment.pop("FAULT_POINT")
    took = here.settle(30)
    assert here.verdict() == []
    assert here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'") == 0
    record_property("FK7b", f"a batch without a bell was rung for again: answered after {took:.1f} s (at most 30)")


@pytest.mark.parametrize(("poison", "row"), [(RAISES, "FK8"), (CRASHES, "FK8b")])
def test_fk8_an_agency_that_raises_or_crashes_the_worker(
    install: Install, record_property: Record, poison: str, row: str
) -> None:
    deadline = 60
    here = install(deadline=deadline)
    here.start(workers=0)
    for _ in range(2):
        here.worker(poisonable=True)
    client = here.client()
    for number in range(10):
        client.lodge(client.declaration(f"GOOD{number}"))
        if number % 5 == 0:
            client.lodge(client.declaration(f"{poison}{number}"))
    poisoned = (
        f"JOIN version v ON v.id = version_id JOIN declaration d ON d.id = v.declaration_id WHERE lrn LIKE '{poison}%'"
    )
    good = poisoned.replace(" LIKE ", " NOT LIKE ")
    wait_until(lambda: here.number(f"SELECT count(*) FROM decision c {good}") == 10, 55)
    wait_until(
        lambda: here.number(f"SELECT count(*) FROM outbox o {poisoned} AND NOT parked") == 0, 55, "poison is parked"
    )
    tries = here.rows(f"SELECT DISTINCT attempts FROM outbox o {poisoned}")
    here.settle(deadline + 30)
    assert tries == [(3,)]
    assert set(here.rows(f"SELECT outcome FROM decision c {poisoned}")) == {("inspect",)}
    assert here.number(f"SELECT count(*) FROM assessment a {good} AND answer <> 'assessed'") == 0
    assert here.verdict() == []
    record_property(row, f"{poison}: 3 attempts each, parked, inspect at the deadline; 10 good ones unaffected")
