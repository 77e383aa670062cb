"""The doctor before a real database and queue server: each thing that is wrong has its line."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import redis

from singlewindow.agencies.agency import Agency
from singlewindow.audit.checkpoint import Signer, new_key
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.cli.operator.doctor import examine
from singlewindow.cli.operator.doctor.check import Check, Level
from singlewindow.enquiries import audit_trail
from singlewindow.settings import Settings
from singlewindow.storage.trail import checkpoints
from tests.integration.conftest import Caller
from tests.integration.documents import tree
from tests.integration.record import change
from tests.places import REPOSITORY
from workers.heartbeat import Heartbeat

Examine = Callable[[], dict[str, Check]]


@pytest.fixture
def settings(database_url: str, queue_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, redis_url=queue_url, sw_data=str(tmp_path))


@pytest.fixture
def found(settings: Settings, agencies: Mapping[str, Agency], monkeypatch: pytest.MonkeyPatch) -> Examine:
    # Read once for all tests: what is wrong with a configuration, the unit tests show.
    monkeypatch.setattr("singlewindow.cli.operator.doctor.machine.load_agencies", lambda *_: agencies)

    def examined() -> dict[str, Check]:
        ranks = list(Level)
        checks = sorted(examine(settings), key=lambda check: ranks.index(check.level))
        return {check.name: check for check in checks}

    return examined


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "PATH": ""}
    command = [sys.executable, "-m", "singlewindow", "worker"]
    with subprocess.Popen(command, env=environment, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(settings: Settings, found: Examine, level: Level) -> Check:
    end = time.monotonic() + 20
    while (check := found()["workers"]).level is not level:
        assert time.monotonic() < end, check
        time.sleep(0.2)
    return check


def test_a_service_without_processes_lacks_a_dispatcher_and_workers(found: Examine, context: ClearanceContext) -> None:
    checks = found()
    faults = {name for name, check in checks.items() if check.level is Level.FAULT}
    # The tests' own PostgreSQL does not wait for the disk, and the doctor has to say so.
    server = context.engine.dialect.name == "postgresql"
    assert faults == {"dispatcher", "workers"} | ({"durability"} if server else set())
    assert all(check.advice for check in checks.values() if check.level is not Level.OK)
    for name in ("database", "clock", "tables", "queue server", "queue memory", "queue persistence", "disk", "work"):
        assert checks[name].level is Level.OK, checks[name]


def test_a_dispatcher_is_known_by_its_sign_of_life(found: Examine, context: ClearanceContext) -> None:
    Heartbeat(context.engine).beat()
    assert found()["dispatcher"].level is Level.OK
    change(context, "UPDATE dispatcher SET seen_at = seen_at - 600000000")
    check = found()["dispatcher"]
    assert check.level is Level.FAULT
    assert re.search(r"6\d\d s ago", check.text)


def test_of_a_dispatcher_that_was_stopped_nobody_says_that_none_ever_ran(
    found: Examine, context: ClearanceContext
) -> None:
    beating = Heartbeat(context.engine)
    beating.beat()
    beating.leave()
    assert found()["dispatcher"].text == "none is alive; all were stopped, or none ran in the last day"


@pytest.mark.service
def test_a_killed_worker_is_told_from_a_live_one(found: Examine, settings: Settings) -> None:
    with worker(settings) as process:
        wait_for(settings, found, Level.OK)
        process.kill()
        process.wait()
        assert "1 ended without notice" in wait_for(settings, found, Level.FAULT).text


def test_parked_overdue_and_lost_work_are_warned_of(found: Examine, trader: Caller, context: ClearanceContext) -> None:
    trader.lodge(tree("A"))
    dispatch.make_batches(context)
    change(context, "UPDATE batch SET lease_until = 0")
    trader.lodge(tree("B"))
    change(context, "UPDATE outbox SET parked = true, deadline_at = 0 WHERE agency = 'customs' AND batch_id IS NULL")
    checks = found()
    for name in ("parked", "overdue", "lost batches"):
        assert (checks[name].level, checks[name].text) == (Level.WARNING, "customs 1")


def test_checkpoints_that_were_never_made_have_stopped_or_cannot_be_read_are_warned_of(
    found: Examine, trader: Caller, context: ClearanceContext
) -> None:
    trader.lodge(tree("A"))
    assert found()["checkpoints"].level is Level.WARNING
    assert "no readable checkpoint" in found()["checkpoints"].text
    audit_trail.sign_checkpoint(context.engine, Signer(new_key()))
    assert found()["checkpoints"].level is Level.OK
    trader.lodge(tree("B"))
    assert found()["checkpoints"].level is Level.OK
    hour = 3_600_000_000
    change(context, f"UPDATE checkpoint SET at = at - {hour}")
    check = found()["checkpoints"]
    assert check.level is Level.WARNING
    assert re.search(r"36\d\d s ago; 1 events since", check.text)
    with context.engine.begin() as connection:
        checkpoints.add_checkpoint(connection, checkpoints.KeptCheckpoint(99, 0, b"nonsense"))
    assert "no readable checkpoint" in found()["checkpoints"].text


@pytest.mark.parametrize(("revision", "level"), [("9999", Level.WARNING), ("0001", Level.FAULT)])
def test_tables_of_another_version_are_told(
    revision: str, level: Level, found: Examine, context: ClearanceContext
) -> None:
    change(context, f"UPDATE alembic_version SET version_num = '{revision}'")
    assert found()["tables"].level is level


def test_a_queue_server_that_would_forget_is_a_fault(found: Examine, queue_url: str) -> None:
    with redis.Redis.from_url(queue_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
        try:
            checks = found()
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("appendonly", "yes")
    assert checks["queue memory"].level is Level.FAULT
    assert checks["queue persistence"].level is Level.WARNING


def test_servers_that_do_not_answer_are_faults_without_secrets(settings: Settings, tmp_path: Path) -> None:
    away = msgspec.structs.replace(
        settings,
        database_url=f"postgresql+psycopg://nobody:SECRET@/nothing?host={tmp_path}",
        redis_url=f"unix://:SECRET@{tmp_path}/none.sock",
    )
    checks = {check.name: check for check in examine(away)}
    assert checks["database"].level is checks["queue server"].level is Level.FAULT
    assert "SECRET" not in repr(checks)
