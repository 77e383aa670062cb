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

from singlewindow.access.keys import Role
from tests.documents import original
from tests.e2e.service import Service, request, running_service, wait_until

pytestmark = pytest.mark.service

PATIENCE = 30.0
CANARY = "CANARYTEXT"


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    words = [sys.executable, "-m", "singlewindow", *arguments, "--data", str(folder)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def lodge(service: Service, key: str, content: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    return request("POST", f"{service.url}/v1/declarations", content=content, headers=headers)


def decided(service: Service, party: str, count: int) -> None:
    wait_until(lambda: service.lodged_and_decided(party) == (count, count), PATIENCE, service.log)


def healthy(folder: Path) -> bool:
    return command(folder, "doctor", "--json").returncode < 2


def test_only_the_web_process_keeps_all_its_threads_on_one_processor(service: Service) -> None:
    running = service.processes()
    threads = [int(thread.name) for thread in Path(f"/proc/{running['web']}/task").iterdir()]
    assert len(threads) > 1
    assert {len(os.sched_getaffinity(thread)) for thread in threads} == {1}
    others = {os.sched_getaffinity(running[name]) == os.sched_getaffinity(0) for name in ("worker 1", "dispatcher")}
    assert others == {True}


def test_a_backup_of_a_running_service_works_in_an_empty_folder(service: Service, party: str, tmp_path: Path) -> None:
    key = service.key(Role.TRADER, party=party)
    content = original("OPERATE1", party=party).replace(b"</Description>", f" {CANARY}</Description>".encode(), 1)
    assert CANARY.encode() in content
    answer = lodge(service, key, content)
    assert answer.status_code == 202, answer.text
    decided(service, party, 1)
    here = service.folder
    wait_until(lambda: healthy(here), PATIENCE, lambda: command(here, "doctor").stdout)
    assert "customs" in command(here, "queue").stdout
    backup = command(here, "db", "backup", str(tmp_path / "backup"))
    assert backup.returncode == 0, backup.stderr
    _log_tells_the_trace_and_no_content(service, answer)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "backup", elsewhere / "singlewindow.db")
    with running_service(elsewhere) as restored:
        assert lodge(restored, key, content).headers["Idempotent-Replayed"] == "true"
        assert lodge(restored, key, original("OPERATE2", party=party)).status_code == 202
        decided(restored, party, 2)
        notices = f"SELECT number FROM notice WHERE party = '{party}' ORDER BY number"
        assert restored.query(notices) == [(1,), (2,), (3,), (4,)]


def _log_tells_the_trace_and_no_content(service: Service, answer: httpx.Response) -> None:
    lines = [json.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    traced = {line["logger"] for line in lines if line.get("trace_id") == answer.headers["X-Trace-Id"]}
    assert {"singlewindow.http.app", "singlewindow.clearance.deciding.assess"} <= traced
    assert CANARY not in service.log()
    assert "OPERATE1" not in service.log()


def test_what_the_service_writes_is_private_in_a_folder_that_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    service = Service(folder)
    service.start()
    try:
        wait_until(lambda: "worker 1" in service.processes(), PATIENCE, service.log)
        names = {"singlewindow.db", "singlewindow.db-wal", "singlewindow.db-shm", "processes", "lock", "token-key.pem"}
        queue = [file for file in (folder / "queue").rglob("*") if file.is_file()]
        assert queue
        assert [file for file in [*queue, *map(folder.joinpath, names)] if file.stat().st_mode & 0o077] == []
    finally:
        service.stop()
