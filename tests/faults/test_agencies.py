"""Rows FA1 to FA4 and FA9 to FA11: agencies that are slow, silent, broken, hostile, away, or there by turns."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bench import bulkhead
from tests.agency_server import FLOOD_BYTES, GARBAGE, AgencyServer, agency_server
from tests.faults.conftest import Install
from tests.faults.harness.agencies import MANNERS, Behaving, Canary
from tests.faults.harness.client import percentile
from tests.faults.harness.installation import Installation
from tests.faults.harness.processes import wait_until
from tests.faults.harness.proxy import Mode
from tests.places import REPOSITORY

pytestmark = pytest.mark.faults
Record = Callable[[str, object], None]
AGENCY = "customs"
PAUSE_SECONDS = 7.0  # what the agency server asks for in its Retry-After
PROBE_SECONDS = 10.0
ROUND_SECONDS = 10.0
FAILURES = 5
UNLIMITED_FAILURES = 100  # so that every kind of harm is met, and not only the first five
IN_FLIGHT_SECONDS = 0.5
KILOBYTE = 1_024
NOT_ANSWERED = "SELECT count(*) FROM assessment WHERE answer <> 'assessed'"


@pytest.fixture
def server() -> Iterator[AgencyServer]:
    with agency_server() as running:
        yield running


@pytest.mark.alone
@pytest.mark.parametrize(("row", "sick"), [("FA1", ["slow"] * 4), ("FA1b", [*bulkhead.SICK] * 2)])
def test_fa1_a_sick_agency_does_not_slow_the_others(
    install: Install, record_property: Record, server: AgencyServer, row: str, sick: list[str]
) -> None:
    here = install(deadline=bulkhead.DEADLINE)
    bulkhead.prepare(here, server)
    pairs = bulkhead.measure(here, server, sick, ROUND_SECONDS)
    assert here.verdict() == []
    assert here.log.statuses().keys() == {202}
    ratios = " ".join(f"{pair.sick.manner} {pair.ratio:.2f}" for pair in pairs)
    record_property(row, f"others' p95 {bulkhead.median(pairs):.2f} times as long (at most 1.1), median of: {ratios}")
    assert bulkhead.median(pairs) <= bulkhead.LIMIT


@pytest.mark.parametrize(("mode", "row"), [("busy", "FA2"), ("throttled", "FA2b")])
def test_fa2_an_agency_that_asks_for_a_pause_gets_it(
    install: Install, record_property: Record, server: AgencyServer, mode: str, row: str
) -> None:
    here = install(deadline=60)
    here.make_remote(AGENCY, server.url)
    here.start(workers=1, remote_workers=1)
    server.mode = mode
    with here.load(4):
        time.sleep(4 * PAUSE_SECONDS)
        server.mode = "green"
        time.sleep(PAUSE_SECONDS)
    here.settle()
    times = [time for time, met in zip(server.times, server.modes, strict=True) if met == mode]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    too_early = [gap for gap in gaps if IN_FLIGHT_SECONDS < gap < PAUSE_SECONDS]
    rounds = 1 + sum(gap >= PAUSE_SECONDS for gap in gaps)
    assert here.verdict() == []
    assert rounds >= 4
    assert too_early == []
    assert len(times) <= rounds * 4, "more than what was in flight already when the agency asked for the pause"
    assert here.number(NOT_ANSWERED) == 0, "a pause costs no attempt"
    record_property(
        row,
        f"{mode}: {len(times)} tries in {rounds} rounds, {len(too_early)} within the {PAUSE_SECONDS:.0f} s asked for",
    )


def test_fa3_garbage_of_every_kind(install: Install, record_property: Record, server: AgencyServer) -> None:
    here = install(deadline=30)
    here.make_remote(AGENCY, server.url, breaker_failures=UNLIMITED_FAILURES)
    here.start(workers=1)
    worker = here.remote_worker()
    client = here.client()
    client.lodge(client.declaration("GOOD0"))
    here.settle()
    before = peak_memory(worker.pid)
    kinds = [*GARBAGE, "flood", "compressed"]
    for number, kind in enumerate(kinds):
        server.mode = kind
        client.lodge(client.declaration(f"GARBAGE{number:03d}0"))
        wait_until(lambda met=kind: met in server.modes, 20, f"{kind} is met")  # type: ignore[misc]
    here.settle(90)
    grown = (peak_memory(worker.pid) - before) / KILOBYTE
    outcomes = here.rows("SELECT outcome, count(*) FROM decision GROUP BY outcome ORDER BY outcome")
    assert here.verdict() == []
    assert worker.starts == 1
    assert worker.alive()
    assert outcomes == [("inspect", len(kinds)), ("release", 1)]
    assert server.sent < FLOOD_BYTES / 4
    assert "welcome" not in here.logs()
    assert grown <= 64
    record_property(
        "FA3", f"{len(kinds)} kinds in {server.calls} answers: 0 crashes, memory + {grown:.0f} MB (at most 64)"
    )


def peak_memory(pid: int) -> int:
    """The most memory that a process ever had, in kilobytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


NEVER_ENDING = (
    ("hang", Mode.PASS), ("drip", Mode.PASS), ("drip_without_length", Mode.PASS), ("drip_head", Mode.PASS),
    ("silent", Mode.PASS), ("green", Mode.BLACKHOLE), ("green", Mode.DRIP),
)  # fmt: skip


def test_fa4_calls_that_never_end(install: Install, record_property: Record, server: AgencyServer) -> None:
    deadline, limit = 25, 1.5
    here = install(deadline=deadline)
    proxy = here.through_agency_proxy(server.server_address[1])
    url = f"http://127.0.0.1:{proxy.port}/questions"
    here.make_remote(AGENCY, url, timeout_seconds=limit, breaker_failures=UNLIMITED_FAILURES)
    here.start(workers=1)
    worker = here.remote_worker()
    client = here.client()
    for number, (mode, manner) in enumerate(NEVER_ENDING):
        server.mode = mode
        proxy.behave(manner)
        lrn = f"ENDLESS{number}0"
        client.lodge(client.declaration(lrn))
        wait_until(lambda lrn=lrn: tried(here, lrn), 15, f"{mode} through {manner} is met")  # type: ignore[misc]
    proxy.behave(Mode.BLACKHOLE)
    here.settle(2 * deadline)
    waits = here.rows(
        f"SELECT answered_at - asked_at FROM assessment WHERE agency = '{AGENCY}' AND answer <> 'assessed'"
    )
    seconds = [int(str(row[0])) / 1e6 for row in waits]
    assert here.verdict() == []
    assert worker.starts == 1
    assert here.rows("SELECT DISTINCT outcome FROM decision") == [("inspect",)]
    assert len(seconds) == len(NEVER_ENDING)
    assert deadline <= min(seconds) <= max(seconds) <= deadline + 5
    late = max(seconds) - deadline
    record_property("FA4", f"{len(seconds)} ways never to end: inspect at most {late:.1f} s after the deadline (5)")


def tried(here: Installation, lrn: str) -> bool:
    """Whether the agency was asked about this declaration, and the call has ended."""
    query = "SELECT count(*) FROM outbox o JOIN version v ON v.id = o.version_id JOIN declaration d"
    query += f" ON d.id = v.declaration_id WHERE lrn = '{lrn}' AND agency = '{AGENCY}' AND (attempts > 0 OR awaiting)"
    return here.number(query) > 0


def certificate(folder: Path, name: str) -> Path:
    """A certificate of its own making for this name, with its key, in one file."""
    key, made, both = (folder / f"{name}.{kind}" for kind in ("key", "crt", "pem"))
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-days", "2", "-subj", f"/CN={name}",
               "-addext", f"subjectAltName={'IP' if name[0].isdigit() else 'DNS'}:{name}",
               "-keyout", str(key), "-out", str(made)]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed: no certificate can be made")
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both


def test_fa9_whoever_cannot_be_trusted_is_told_nothing(
    install: Install, record_property: Record, server: AgencyServer, tmp_path: Path
) -> None:
    """Customs has another's (trusted) certificate, transport security one that nobody vouches for, firearms none."""
    here = install(deadline=15)
    another, unknown = certificate(tmp_path, "elsewhere.example"), certificate(tmp_path, "127.0.0.1")
    with (
        agency_server(certificate=another) as misnamed, agency_server(certificate=unknown) as unvouched,
        agency_server() as plain, Canary() as target,
    ):  # fmt: skip
        server.mode, server.elsewhere = "redirect", target.url
        for agency, url in (
            (AGENCY, misnamed.url), ("transport-security", unvouched.url),
            ("firearms", plain.url.replace("http:", "https:")), ("explosives", server.url),
        ):  # fmt: skip
            here.make_remote(agency, url, breaker_failures=UNLIMITED_FAILURES)
        here.start(workers=1)
        worker = here.remote_worker(SSL_CERT_FILE=str(another))
        client = here.client()
        for number in range(8):
            client.lodge(client.declaration(f"TRUST{number}"))
        here.settle()
        told = misnamed.calls + unvouched.calls + plain.calls
        asked = here.number("SELECT count(*) FROM assessment WHERE agency <> 'environment'")
        assert here.verdict() == []
        assert worker.starts == 1
        assert here.rows("SELECT DISTINCT outcome FROM decision") == [("inspect",)]
        assert (
            here.number("SELECT count(*) FROM assessment WHERE answer = 'failed' AND agency <> 'environment'") == asked
        )
        assert server.calls > 0, "the agency that redirects was asked"
        assert (told, target.connections) == (0, 0)
    record_property("FA9", f"{asked} questions: 0 told to whoever could not be trusted, 0 connections to the target")


def make_all_remote(here: Installation, url: str) -> None:
    """Every agency is asked over HTTP at this address."""
    for folder in sorted((here.config / "agencies").iterdir()):
        here.make_remote(folder.name, url)


def test_fa10_all_agencies_away_for_longer_than_their_deadline(
    install: Install, record_property: Record, server: AgencyServer
) -> None:
    deadline, away = 8, 25.0
    here = install(deadline=deadline)
    proxy = here.through_agency_proxy(server.server_address[1])
    make_all_remote(here, f"http://127.0.0.1:{proxy.port}/questions")
    here.start(workers=1, remote_workers=4)
    proxy.behave(Mode.RESET)
    with here.load(8):
        time.sleep(away)
        released_before = here.number("SELECT count(*) FROM decision WHERE outcome = 'release'")
        proxy.behave(Mode.PASS)
        back = wait_until(
            lambda: here.number("SELECT count(*) FROM decision WHERE outcome = 'release'") > 0, 60, "a release"
        )
    here.settle()
    p99 = percentile((answer.seconds for answer in here.log.answers()), 0.99)
    inspected = here.number("SELECT count(*) FROM decision WHERE outcome = 'inspect'")
    assert here.verdict() == []
    assert here.log.statuses().keys() == {202}
    assert released_before == 0
    assert inspected >= 8 * (away - deadline - 2)
    assert back <= 30
    record_property(
        "FA10",
        f"all away {away:.0f} s: {inspected} to inspect, accept p99 {p99 * 1e3:.0f} ms, releases {back:.0f} s after",
    )


def test_fa10_what_has_gathered_is_answered_when_the_agencies_are_back(
    install: Install, record_property: Record, server: AgencyServer
) -> None:
    here = install()
    proxy = here.through_agency_proxy(server.server_address[1])
    make_all_remote(here, f"http://127.0.0.1:{proxy.port}/questions")
    here.start(workers=1, remote_workers=4)
    proxy.behave(Mode.RESET)
    with here.load(8):
        time.sleep(25)
    gathered = here.number("SELECT count(*) FROM outbox")
    proxy.behave(Mode.PASS)
    begun = time.monotonic()
    wait_until(lambda: here.number("SELECT count(*) FROM outbox WHERE NOT parked") == 0, 90, "all but the parked")
    parked = ask_parked_again(here)
    here.settle()
    took = time.monotonic() - begun
    assert here.verdict() == []
    assert here.number(NOT_ANSWERED) == 0
    assert took <= 60
    record_property(
        "FA10b", f"{gathered} questions gathered in 25 s ({parked} parked, asked again by the operator): {took:.0f} s"
    )


def ask_parked_again(here: Installation) -> int:
    """What an operator does after an outage; how many were parked."""
    parked = here.number("SELECT count(*) FROM outbox WHERE parked")
    command = [sys.executable, "-m", "singlewindow", "queue", "retry", "--reason", "It is back", "--all"]
    subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY, env=here.environment())
    return parked


def probes_too_early(server: AgencyServer, failures: int = FAILURES) -> tuple[int, list[float]]:
    """How many calls were made while the breaker of one process was open, and the pauses that were too short."""
    in_a_row, last, open_since, probes, short = 0, 0.0, 0.0, 0, []
    for moment, mode in zip(server.times, server.modes, strict=True):
        if in_a_row >= failures and moment - open_since > IN_FLIGHT_SECONDS:
            probes += 1
            if moment - last < PROBE_SECONDS:
                short.append(moment - last)
        in_a_row = 0 if mode == "green" else in_a_row + 1
        open_since = moment if in_a_row == failures else open_since
        last = moment
    return probes, short


def test_fa11_an_agency_that_flaps(install: Install, record_property: Record, server: AgencyServer) -> None:
    here = install(deadline=30)
    here.make_remote(AGENCY, server.url)
    here.start(workers=1, remote_workers=1)
    with Behaving(server, MANNERS["flapping"]), here.load(8):
        time.sleep(60)
    here.settle()
    probes, short = probes_too_early(server)
    failed, silent = server.modes.count("500"), here.number(NOT_ANSWERED)
    assert here.verdict() == []
    assert probes > 0
    assert short == []
    numbers = f"{server.calls} calls, {failed} of them failed; {probes} probes, {len(short)} within 10 s of the last"
    record_property("FA11", f"{numbers}; {silent} questions without an answer at their deadline")


def test_fa11_an_agency_that_only_fails_is_probed_once_by_each_worker(
    install: Install, record_property: Record, server: AgencyServer
) -> None:
    workers = 3
    here = install(deadline=30)
    here.make_remote(AGENCY, server.url)
    here.start(workers=1, remote_workers=workers)
    server.mode = "500"
    with here.load(8):
        wait_until(lambda: server.calls >= workers * FAILURES, 30, "every breaker is open")
        time.sleep(1)
        opened = server.calls
        time.sleep(3 * PROBE_SECONDS)
        probes = server.calls - opened
    server.mode = "green"
    here.settle()
    assert here.verdict() == []
    assert 0 < probes <= 3 * workers
    record_property("FA11b", f"{workers} workers: {probes} probes in 30 s (at most {3 * workers})")
