"""The whole service with an agency that is asked over HTTP: its own queue and worker, answers at once and later."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from singlewindow.security.keys import Role
from singlewindow.settings import ROOT
from tests.agency_server import AgencyServer, agency_server
from tests.documents import original
from tests.e2e.service import Service, running_service, wait_until

RESUMED_SECONDS = 30.0


@pytest.fixture
def agency() -> Iterator[AgencyServer]:
    with agency_server() as running:
        yield running


@pytest.fixture
def folder(agency: AgencyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder; the environment names the shipped configuration, but with customs asked over HTTP."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    described = config / "agencies" / "customs" / "agency.toml"
    remote = f'\n[remote]\nurl = "{agency.url}"\nkey_env = "CUSTOMS_KEY"\nallow_http = true\n'
    text = re.sub(r'adapter = "profiles"', 'adapter = "remote"', described.read_text(encoding="utf-8"))
    described.write_text(text + remote, encoding="utf-8")
    (config / "agencies" / "customs" / "profiles.toml").unlink()
    monkeypatch.setenv("SW_CONFIG", str(config))
    monkeypatch.setenv("CUSTOMS_KEY", "key-of-customs")
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    """The service over that folder."""
    with running_service(folder) as running:
        yield running


def lodge(service: Service, lrn: str) -> None:
    key = service.key(Role.TRADER, party="GB123456789012")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    answer = httpx.post(f"{service.url}/v1/declarations", content=original(lrn), headers=headers, trust_env=False)
    assert answer.status_code == 202, answer.text


def decided(service: Service) -> list[tuple[object, ...]]:
    return service.query("SELECT outcome FROM decision")


def test_a_remote_agency_answers_at_once(service: Service, agency: AgencyServer) -> None:
    lodge(service, "REMOTE1")
    wait_until(lambda: decided(service) == [("release",)], 20, service.log)
    assert "remote worker 1" in service.processes()
    assert agency.headers[0]["Authorization"] == "Bearer key-of-customs"


def test_a_remote_agency_answers_later_by_the_interface(service: Service, agency: AgencyServer) -> None:
    agency.mode = "silent"
    lodge(service, "REMOTE1")
    wait_until(lambda: agency.calls == 1, 20, service.log)
    headers = {"Authorization": f"Bearer {service.key(Role.AGENCY, agency='customs')}"}
    url = f"{service.url}/v1/agencies/customs/assessments/{agency.questions[0]['question']}"
    receipt = httpx.post(url, json={"lane": "green"}, headers=headers, trust_env=False)
    assert (receipt.status_code, receipt.json()["late"]) == (200, False)
    wait_until(lambda: decided(service) == [("release",)], 20, service.log)


def test_a_remote_worker_that_is_killed_in_a_call_is_made_good(service: Service, agency: AgencyServer) -> None:
    agency.mode = "hang"
    lodge(service, "REMOTE1")
    wait_until(lambda: agency.calls == 1, 20, service.log)
    agency.mode = "green"
    service.kill("remote worker 1")
    began = time.monotonic()
    wait_until(lambda: decided(service) == [("release",)], RESUMED_SECONDS, service.log)
    print(f"decided {time.monotonic() - began:.1f} s after the kill")
    assert service.query("SELECT attempts FROM outbox") == []
    assert agency.calls == 2


def test_a_missing_key_is_said_at_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUSTOMS_KEY")
    command = [sys.executable, "-m", "singlewindow", "up", "--data", str(folder), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("singlewindow: agency customs is asked over HTTP, but CUSTOMS_KEY is not set")
