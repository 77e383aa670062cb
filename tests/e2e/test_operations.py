"""An operator's day: look at a running service, back it up, end it, restore it elsewhere, and read its log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from singlewindow.security.keys import Role
from tests.documents import original
from tests.e2e.service import Service, running_service, wait_until

PATIENCE = 30.0
CANARY = "CANARYTEXT"


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    words = [sys.executable, "-m", "singlewindow", *arguments, "--data", str(folder)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def lodge(service: Service, key: str, content: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    return httpx.post(f"{service.url}/v1/declarations", content=content, headers=headers, trust_env=False)


def decided(service: Service, count: int) -> None:
    wait_until(lambda: service.query("SELECT count(*) FROM decision") == [(count,)], PATIENCE, service.log)


def healthy(folder: Path) -> bool:
    return command(folder, "doctor", "--json").returncode < 2


def test_a_backup_of_a_running_service_works_in_an_empty_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with running_service(first) as service:
        key = service.key(Role.TRADER, party="GB123456789012")
        content = original("OPERATE1").replace(b"</Description>", f" {CANARY}</Description>".encode(), 1)
        assert CANARY.encode() in content
        answer = lodge(service, key, content)
        assert answer.status_code == 202, answer.text
        decided(service, 1)
        wait_until(lambda: healthy(first), PATIENCE, lambda: command(first, "doctor").stdout)
        assert "customs" in command(first, "queue").stdout
        backup = command(first, "db", "backup", str(tmp_path / "backup"))
        assert backup.returncode == 0, backup.stderr
        _log_tells_the_trace_and_no_content(service, answer)
    shutil.copy(tmp_path / "backup", second / "singlewindow.db")
    with running_service(second) as service:
        assert lodge(service, key, content).headers["Idempotent-Replayed"] == "true"
        assert lodge(service, key, original("OPERATE2")).status_code == 202
        decided(service, 2)
        assert service.query("SELECT number FROM notice ORDER BY number") == [(1,), (2,), (3,), (4,)]


def _log_tells_the_trace_and_no_content(service: Service, answer: httpx.Response) -> None:
    lines = [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    traced = {line["logger"] for line in lines if line.get("trace_id") == answer.headers["X-Trace-Id"]}
    assert {"singlewindow.http.app", "singlewindow.clearance.assess"} <= traced
    assert CANARY not in service.log()
    assert "OPERATE1" not in service.log()


@pytest.mark.parametrize("how", ["in order", "killed"])
def test_everything_stopped_and_started_at_once_goes_on(how: str, tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        key = service.key(Role.TRADER, party="GB123456789012")
        for number in range(20):
            assert lodge(service, key, original(f"STOP{number}")).status_code == 202
        if how == "killed":
            service.kill("supervisor")
        else:
            assert service.stop() == 0
        service.start()
        decided(service, 20)
