"""Rows FH: every process on a host of its own, joined by TCP only; one host after the other is cut off under load."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from rq import Worker

from tests.faults.harness.client import Load, percentile
from tests.faults.harness.hosts import NotPermittedError
from tests.faults.harness.processes import wait_until
from tests.faults.harness.separate_hosts import PORTS, SeparateHosts, separate_hosts
from tests.faults.harness.servers import PostgresTemplate

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
RATE = 6.0
CUT_SECONDS = 12.0
BACK_SECONDS = 40.0
SECOND = 1_000_000


@pytest.fixture
def hosts(postgres_template: PostgresTemplate) -> Iterator[SeparateHosts]:
    """Nine hosts and a switch; skipped where the machine does not allow it."""
    try:
        with separate_hosts(postgres_template) as here:
            yield here
    except NotPermittedError as error:
        pytest.skip(str(error))


@contextmanager
def cut_off(here: SeparateHosts, name: str) -> Iterator[None]:
    """The host is off the network while the block lasts, and at least for a lease and the database's own patience."""
    others = [server for server in ("database", "queue") if server != name]
    assert all(reaches(here, name, server) for server in others)
    here.network.cut(name)
    began = time.monotonic()
    assert not any(reaches(here, name, server) for server in others)
    yield
    time.sleep(max(0.0, began + CUT_SECONDS - time.monotonic()))
    here.network.restore(name)
    wait_until(lambda: all(reaches(here, name, server) for server in others), BACK_SECONDS, f"{name} is back")


def reaches(here: SeparateHosts, name: str, server: str) -> bool:
    return here.network[name].reaches(here.network[server], PORTS[server])


def signs_of_work(here: SeparateHosts, name: str) -> int:
    """A number that grows while the process on this host works."""
    if name.startswith("web"):
        return sum(answer.sending.party in here.parties_of(name) for answer in here.log.accepted())
    if name.startswith("dispatch"):
        return here.number(f"SELECT max(seen_at) FROM dispatcher WHERE host = '{name}'")
    with here.queue.client() as client:
        return sum(worker.successful_job_count for worker in Worker.all(connection=client) if worker.hostname == name)


def works_again(here: SeparateHosts, name: str, stands: int) -> bool:
    return signs_of_work(here, name) > stands


def test_fh1_what_a_host_was_doing_is_made_good_by_the_others(hosts: SeparateHosts, record_property: Record) -> None:
    told = []
    with hosts.trader.entered(), Load(hosts.traders(), RATE, "HOSTS") as load:
        for name in ("work-1", "dispatch-1", "web-1"):
            time.sleep(3.0)
            before = hosts.decided()
            with cut_off(hosts, name):
                stands = signs_of_work(hosts, name)
                time.sleep(CUT_SECONDS)
                decided = hosts.decided() - before
            assert decided > 0, f"nothing was decided while {name} was cut off"
            told.append(f"{name} cut off: {decided} decided")
            wait_until(partial(works_again, hosts, name, stands), BACK_SECONDS, f"{name} works again")
    hosts.settle(90)
    assert hosts.verdict() == []
    longest = hosts.number("SELECT max(decided_at - lodged_at) FROM version") / SECOND
    record_property("FH1", f"{load.sent} lodged; {'; '.join(told)}; slowest decision {longest:.1f} s")


@pytest.mark.parametrize("name", ["queue", "database"])
def test_fh2_a_server_cut_off_loses_nothing(hosts: SeparateHosts, name: str, record_property: Record) -> None:
    with hosts.trader.entered(), Load(hosts.traders(), RATE, "HOSTS") as load:
        time.sleep(3.0)
        with cut_off(hosts, name):
            began = time.monotonic()
            time.sleep(CUT_SECONDS)
            meanwhile = hosts.log.answers(began)
        time.sleep(1.0)
    took = hosts.settle(90)
    assert hosts.verdict() == []
    if name == "queue":
        assert {answer.status for answer in meanwhile} == {202}
        assert percentile([answer.seconds for answer in meanwhile], 0.99) <= 0.5
    else:
        assert {answer.status for answer in meanwhile} <= {0, 503}
    seconds = max(answer.seconds for answer in meanwhile)
    told = f"{len(meanwhile)} answers meanwhile, the slowest in {seconds:.1f} s"
    record_property("FH2", f"{name} cut off: {load.sent} lodged; {told}; all answered {took:.1f} s after")
