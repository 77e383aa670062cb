"""Rows FP: PostgreSQL is stopped, frozen, filled, slowed and cut off; what was acknowledged stands."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress

import psycopg
import pytest

from tests.faults.conftest import Install
from tests.faults.harness.client import Answer, percentile
from tests.faults.harness.installation import PARTIES, Installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.proxy import Mode
from tests.faults.harness.servers import ACCOUNT, Postgres

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
ANSWER_SECONDS = 10.0
RETURN_SECONDS = 10.0


def server(here: Installation) -> Postgres:
    assert here.postgres is not None
    return here.postgres


def only_clean_answers(answers: list[Answer]) -> None:
    """Nothing but 202, and 503 with the time to come again."""
    bad = [answer for answer in answers if answer.status not in {202, 503}]
    assert bad == [], [(answer.status, answer.failure, answer.body) for answer in bad[:3]]
    assert all(answer.retry_after for answer in answers if answer.status == 503)


def first_accepted_after(here: Installation, moment: float) -> float:
    """Seconds from `moment` to the end of the first accepted lodgement that ended after it."""

    def found() -> list[float]:
        ends = [answer.began + answer.seconds for answer in here.log.accepted()]
        return [end - moment for end in ends if end > moment]

    wait_until(found, 30.0, "something is accepted")
    return min(found())


def fp1(here: Installation, times: int) -> str:
    """Immediate stop and start under load."""
    here.start()
    returns = []
    with here.load(10):
        for _ in range(times):
            time.sleep(1.5)
            server(here).stop_immediately()
            time.sleep(1.0)
            server(here).start()
            returns.append(first_accepted_after(here, time.monotonic()))
    here.settle()
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    assert max(returns) <= RETURN_SECONDS
    accepted, refused = here.log.statuses()[202], here.log.statuses().get(503, 0)
    return (
        f"{times} restarts: first 202 after at most {max(returns):.1f} s, {accepted} accepted, {refused} x 503, 0 lost"
    )


def test_fp1_stopped_at_once_and_started(install: Install, record_property: Record) -> None:
    record_property("FP1", fp1(install(), 20))


def test_fp2_backends_terminated_at_random(install: Install, record_property: Record, seed: int) -> None:
    here = install()
    here.start()
    chance, ended = random.Random(seed), 0
    with here.load(20), closing(server(here).connect()) as admin:
        while ended < 200:
            time.sleep(chance.uniform(0.02, 0.3))
            pids = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = 'singlewindow' AND pid <> pg_backend_pid()"
            ).fetchall()
            if pids:
                admin.execute("SELECT pg_terminate_backend(%s)", chance.choice(pids))
                ended += 1
    here.settle()
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    record_property("FP2", f"{ended} backends ended: {here.log.statuses()}, 0 partial declarations")


def test_fp3_frozen(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(10):
        time.sleep(3)
        server(here).freeze()
        begun = time.monotonic()
        time.sleep(30)
        server(here).thaw()
        back = time.monotonic()
        returned = first_accepted_after(here, back)
    here.settle(90)
    during = here.log.answers(begun, back - ANSWER_SECONDS)
    longest = max(answer.seconds for answer in during)
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    assert longest <= ANSWER_SECONDS
    assert {answer.status for answer in during} == {503}
    assert returned <= RETURN_SECONDS
    record_property(
        "FP3", f"frozen 30 s: {len(during)} requests, the longest {longest:.1f} s, all 503; back in {returned:.1f} s"
    )


def test_fp3_behind_a_dead_network(install: Install, record_property: Record) -> None:
    here = install()
    proxy = here.through_database_proxy()
    here.start()
    with here.load(10):
        time.sleep(3)
        proxy.behave(Mode.BLACKHOLE)
        begun = time.monotonic()
        time.sleep(20)
        proxy.behave(Mode.PASS)
        back = time.monotonic()
        returned = first_accepted_after(here, back)
    here.settle(90)
    longest = max(answer.seconds for answer in here.log.answers(begun, back - ANSWER_SECONDS))
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    assert longest <= ANSWER_SECONDS
    record_property("FP3b", f"black hole 20 s: longest {longest:.1f} s, then 503; back in {returned:.1f} s")


def test_fp4_no_connections_left(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    with here.load(8), ExitStack() as held:
        time.sleep(2)
        admin = held.enter_context(closing(server(here).connect()))
        while True:
            try:
                held.enter_context(closing(server(here).connect()))
            except psycopg.OperationalError:
                break
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND application_name = '' AND query NOT LIKE '%pg_terminate%' AND xact_start IS NOT NULL"
        )
        begun = time.monotonic()
        time.sleep(8)
        held.close()
        back = time.monotonic()
        returned = first_accepted_after(here, back)
    here.settle()
    longest = max(answer.seconds for answer in here.log.answers(begun, back))
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    assert returned <= RETURN_SECONDS
    record_property(
        "FP4", f"all connections taken 8 s: {here.log.statuses()}, longest {longest:.1f} s, back in {returned:.1f} s"
    )


def test_fp5_disk_full(install: Install, record_property: Record) -> None:
    here = install(deadline=60)
    disk = Disk(here, 300)
    here.start()
    with here.load(10):
        time.sleep(3)
        disk.fill()
        time.sleep(15)
        disk.free()
        if not server(here).process.alive():
            server(here).start()
        wait_until(server(here).answers, 30, "PostgreSQL is back")
        returned = first_accepted_after(here, time.monotonic())
    here.settle(150)  # what was tried three times meanwhile waits for its deadline
    only_clean_answers(here.log.answers())
    assert here.verdict() == []
    parked = here.number("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
    told = f"{here.log.statuses()}, 0 acknowledged lost, {parked} parked"
    record_property("FP5", f"disk full: {told}, back in {returned:.1f} s")
    server(here).kill()
    disk.unmount()


class Disk:
    """PostgreSQL's data on a small disk in memory; skips the row where this machine may not mount one."""

    def __init__(self, here: Installation, megabytes: int) -> None:
        self._here, self._data = here, server(here).data
        server(here).stop()
        aside = self._data.with_name("aside")
        self._data.rename(aside)
        self._data.mkdir(mode=0o700)
        size = f"size={megabytes}m,mode=700"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(self._data)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")
        subprocess.run(["cp", "-a", f"{aside}/.", str(self._data)], check=True)
        if ACCOUNT != "-":
            import shutil

            shutil.chown(self._data, ACCOUNT)
        server(here).start()

    def fill(self) -> None:
        """Take all that is free."""
        with (self._data / "filling").open("wb") as filling, suppress(OSError):
            while True:
                filling.write(b"\0" * 65_536)
                filling.flush()

    def free(self) -> None:
        """Give it back."""
        (self._data / "filling").unlink()

    def unmount(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "-l", str(self._data)], check=True)


def test_fp6_many_clients_want_the_same_rows(install: Install, record_property: Record, seed: int) -> None:
    here = install()
    here.start(web=2)
    chance = random.Random(seed)
    clients = [here.client(PARTIES[number % 2]) for number in range(50)]

    def storm(number: int) -> None:
        order = [f"STORM{lrn:03d}" for lrn in range(30)]
        random.Random(seed + number).shuffle(order)
        for lrn in order:
            clients[number].lodge(clients[number].declaration(lrn))

    threads = [threading.Thread(target=storm, args=(number,)) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    here.settle()
    assert chance
    statuses = here.log.statuses()
    assert here.verdict() == []
    assert statuses.keys() <= {202, 503}, statuses
    assert here.number("SELECT count(*) FROM declaration") == 60
    tries = max(_tries(here).values())
    assert tries <= 3
    record_property("FP6", f"50 clients, 60 references, 1,500 lodgements: {statuses}, at most {tries} tries each")


def _tries(here: Installation) -> dict[object, int]:
    counted: dict[object, int] = {}
    for answer in here.log.answers():
        if answer.status == 503:
            key = (answer.sending.party, answer.sending.lrn)
            counted[key] = counted.get(key, 0) + 1
    return counted or {"none": 0}


def test_fp7_slow(install: Install, record_property: Record) -> None:
    here = install()
    proxy = here.through_database_proxy()
    here.start()
    with here.load(5):
        proxy.behave(Mode.DELAY, 0.1)  # each way: 200 ms for every round trip
        time.sleep(30)
    here.settle(90)
    proxy.behave(Mode.PASS)
    p95 = percentile((answer.seconds for answer in here.log.answers()), 0.95)
    assert here.verdict() == []
    assert here.log.statuses().keys() == {202}, here.log.statuses()
    record_property("FP7", f"+200 ms for 30 s at 5/s: p95 {p95:.1f} s, 0 timeouts")


def fp8(here: Installation, times: int) -> str:
    """The connection is cut when COMMIT is under way."""
    proxy = here.through_database_proxy()
    here.web()
    here.wait_ready()
    client, same = here.client(), 0
    for number in range(times):
        sending = client.declaration(f"CUT{number:04d}")
        cuts = proxy.cuts
        proxy.cut_after(lambda piece: b"COMMIT" in piece)
        first = client.send(sending)
        proxy.cut_after(None)
        assert proxy.cuts > cuts
        again = client.lodge(sending)
        assert first.status == 503, first
        assert again.status == 202
        (row,) = here.rows(f"SELECT mrn FROM declaration WHERE lrn = '{sending.lrn}'")
        same += row == (again.mrn,)
    here.dispatcher()
    here.worker()
    here.settle()
    assert here.verdict() == []
    assert same == times
    return f"{times} commits cut off: 0 doubled, 0 lost"


def test_fp8_cut_off_in_the_middle_of_a_commit(install: Install, record_property: Record) -> None:
    record_property("FP8", fp8(install(), 200))


def test_fp11_an_old_transaction_is_ended(install: Install, record_property: Record) -> None:
    here = install()
    here.start()
    from singlewindow.storage.engine.connect import open_engine

    engine = open_engine(here.record_url, pool_size=1)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        took = wait_until(
            lambda: here.number(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}") == 0, 15, "it is ended"
        )
        with suppress(Exception):
            connection.rollback()
    engine.dispose()
    record_property("FP11", f"an idle transaction was ended after {took:.1f} s (at most 15)")


def everything_down(here: Installation) -> None:
    """SIGKILL to every process of the product, the queue server and PostgreSQL, as when the power goes."""
    for process in here.keeper.processes:
        process.kept = False
    for process in here.keeper.processes:
        process.kill()
    here.queue.process.kill()
    server(here).kill()


def fe1(here: Installation, times: int) -> str:
    """Everything is killed at once and started again."""
    returns = []
    here.start()
    with here.load(10):
        for _ in range(times):
            time.sleep(2)
            everything_down(here)
            begun = time.monotonic()
            server(here).start()
            here.queue.start()
            for process in here.keeper.processes:
                process.start()
                process.kept = True
            first_accepted_after(here, begun)
            returns.append(time.monotonic() - begun)
    here.settle()
    assert here.verdict() == []
    assert max(returns) <= 60.0
    back = f"service again after at most {max(returns):.1f} s (at most 60)"
    return f"{times} power losses: {back}, {here.log.statuses()}, 0 lost"


def test_fe1_everything_killed_at_once(install: Install, record_property: Record) -> None:
    record_property("FE1", fe1(install(), 20))
