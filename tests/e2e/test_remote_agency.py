"""The whole service with an agency that is asked over HTTP: its own queue and worker, answers at once and later."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from singlewindow.access.keys import Role
from tests.agency_server import AgencyServer, agency_server
from tests.documents import original
from tests.e2e.service import Service, request, running_service, wait_until
from tests.places import CONFIGURATION

pytestmark = pytest.mark.service

RESUMED_SECONDS = 30.0


@pytest.fixture(scope="module")
def agency() -> Iterator[AgencyServer]:
    with agency_server() as running:
        yield running


@pytest.fixture(scope="module")
def settings(agency: AgencyServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that names the shipped configuration, but with customs asked over HTTP."""
    config = tmp_path_factory.mktemp("remote") / "config"
    shutil.copytree(CONFIGURATION, config)
    described = config / "agencies" / "customs" / "agency.toml"
    remote = f'\n[remote]\nurl = "{agency.url}"\nkey_env = "CUSTOMS_KEY"\nallow_http = true\n'
    text = re.sub(r'adapter = "profiles"', 'adapter = "remote"', described.read_text(encoding="utf-8"))
    described.write_text(text + remote, encoding="utf-8")
    (config / "agencies" / "customs" / "profiles.toml").unlink()
    return {"SW_CONFIG": str(config), "CUSTOMS_KEY": "key-of-customs"}


@pytest.fixture(scope="module")
def service(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with that configuration, for all tests here."""
    with running_service(tmp_path_factory.mktemp("data"), settings) as running:
        yield running


def lodge(service: Service, party: str) -> None:
    key = service.key(Role.TRADER, party=party)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    content = original("REMOTE1", party=party)
    answer = request("POST", f"{service.url}/v1/declarations", content=content, headers=headers)
    assert answer.status_code == 202, answer.text


def released(service: Service, party: str) -> bool:
    outcomes = service.query(
        f"""SELECT decision.outcome FROM decision JOIN version ON version.id = decision.version_id
            JOIN declaration ON declaration.id = version.declaration_id WHERE declaration.party = '{party}'"""
    )
    return outcomes == [("release",)]


def test_a_remote_agency_answers_at_once(service: Service, agency: AgencyServer, party: str) -> None:
    agency.mode = "green"
    lodge(service, party)
    wait_until(lambda: released(service, party), 20, service.log)
    assert "remote worker 1" in service.processes()
    assert agency.headers[-1]["Authorization"] == "Bearer key-of-customs"


def test_a_remote_agency_answers_later_by_the_interface(service: Service, agency: AgencyServer, party: str) -> None:
    agency.mode, before = "silent", agency.calls
    lodge(service, party)
    wait_until(lambda: agency.calls > before, 20, service.log)
    headers = {"Authorization": f"Bearer {service.key(Role.AGENCY, agency='customs')}"}
    url = f"{service.url}/v1/agencies/customs/assessments/{agency.questions[-1]['question']}"
    receipt = request("POST", url, json={"lane": "green"}, headers=headers)
    assert (receipt.status_code, receipt.json()["late"]) == (200, False)
    wait_until(lambda: released(service, party), 20, service.log)
    assert agency.calls == before + 1


def test_a_remote_worker_that_is_killed_in_a_call_is_made_good(
    service: Service, agency: AgencyServer, party: str
) -> None:
    agency.mode, before = "hang", agency.calls
    lodge(service, party)
    wait_until(lambda: agency.calls > before, 20, service.log)
    agency.mode = "green"
    service.kill("remote worker 1")
    began = time.monotonic()
    wait_until(lambda: released(service, party), RESUMED_SECONDS, service.log)
    print(f"decided {time.monotonic() - began:.1f} s after the kill")
    assert service.query("SELECT attempts FROM outbox") == []
    assert agency.calls == before + 2


def test_a_missing_key_is_said_at_the_start(settings: dict[str, str], tmp_path: Path) -> None:
    environment = dict(os.environ) | settings
    del environment["CUSTOMS_KEY"]
    command = [sys.executable, "-m", "singlewindow", "up", "--data", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("singlewindow: agency customs is asked over HTTP, but CUSTOMS_KEY is not set")
