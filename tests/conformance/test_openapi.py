"""The running service keeps what /openapi.json promises, to callers of every role: schemathesis asks, all checks on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from singlewindow.access.keys import Role
from singlewindow.http.routes import ROUTES
from tests.documents import DECLARANT, original
from tests.e2e.service import Service, running_service

pytestmark = pytest.mark.conformance

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("SW_EXAMPLES", "20")
PARTY, BROKER = DECLARANT, "GB987654321098"
PARTIES = {Role.TRADER: PARTY, Role.BROKER: BROKER, Role.CARRIER: "GB555555555000"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with one declaration in it, and a mandate."""
    with pytest.MonkeyPatch.context() as patch:
        # Most keys that the tool sends are wrong, to see whether they are refused as such: all from one address.
        patch.setenv("SW_WRONG_KEYS", "0")
        # No host that the tool makes up is called: none of them names this port.
        patch.setenv("SW_RECEIVER_PORTS", "1")
        with running_service(tmp_path_factory.mktemp("conformance")) as running:
            running.mandate(BROKER, PARTY)
            headers = headers_of(running, "trader") | {"Content-Type": "application/xml"}
            address = f"{running.url}/v1/declarations"
            assert httpx.post(address, content=original("FIRST"), headers=headers, trust_env=False).status_code == 202
            yield running


def headers_of(service: Service, caller: str) -> dict[str, str]:
    """What names the caller in each request; the broker acts for the trader."""
    if caller == "nobody":
        return {}
    role = Role(caller)
    party, agency = PARTIES.get(role), ("customs" if role is Role.AGENCY else None)
    acting_for = {"Acting-For": PARTY} if role is Role.BROKER else {}
    return {"Authorization": f"Bearer {service.key(role, party=party, agency=agency)}"} | acting_for


@pytest.mark.parametrize("caller", ["nobody", *sorted(Role)])
def test_the_service_keeps_what_its_document_promises(service: Service, tmp_path: Path, caller: str) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{service.url}/openapi.json", "--checks", "all", "--max-examples", EXAMPLES, "--no-color",
        "--continue-on-failure", "--generation-database", "none", "--warnings", "off",
        "--include-path-regex", ".",  # without it, the call that gives the document is left out
    ]  # fmt: skip
    for name, value in headers_of(service, caller).items():
        command += ["--header", f"{name}: {value}"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
    assert f"{len(ROUTES)} selected / {len(ROUTES)} total" in done.stdout
