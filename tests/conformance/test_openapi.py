"""The running service keeps what /openapi.json promises, to callers of every role: schemathesis asks, all checks on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from singlewindow.security import mandates
from singlewindow.security.keys import Role
from tests.documents import original
from tests.e2e.service import Service, running_service

pytestmark = pytest.mark.conformance

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("SW_EXAMPLES", "20")
PARTY, BROKER = "GB123456789012", "GB210987654321"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with one declaration in it, which bears the wrong keys of many callers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SW_WRONG_KEYS", "0")
        with running_service(tmp_path_factory.mktemp("conformance")) as running:
            headers = {"Authorization": f"Bearer {key(running, 'trader')}", "Content-Type": "application/xml"}
            address = f"{running.url}/v1/declarations"
            assert httpx.post(address, content=original("FIRST"), headers=headers, trust_env=False).status_code == 202
            with running.record() as engine:
                mandates.grant(engine, BROKER, PARTY)
            yield running


def key(service: Service, role: str) -> str:
    party = {"trader": PARTY, "broker": BROKER}.get(role)
    return service.key(Role(role), party=party, agency="customs" if role == "agency" else None)


@pytest.mark.parametrize("caller", ["nobody", *sorted(Role)])
def test_the_service_keeps_what_its_document_promises(service: Service, tmp_path: Path, caller: str) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{service.url}/openapi.json", "--checks", "all", "--max-examples", EXAMPLES, "--no-color",
        "--continue-on-failure", "--generation-database", "none", "--warnings", "off",
    ]  # fmt: skip
    if caller != "nobody":
        command += ["--header", f"Authorization: Bearer {key(service, caller)}"]
    if caller == "broker":
        command += ["--header", f"Acting-For: {PARTY}"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
