"""Any process of `singlewindow up` may be killed while declarations pour in: none is lost, none decided twice."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from singlewindow.security.keys import Role
from tests.documents import original
from tests.e2e.service import Service, patient_config, running_service, wait_until

DECLARATIONS = 500
CLIENTS = 8
DECIDED_WITHIN = 90.0
PATIENCE = 60.0


def lodge(service: Service, client: httpx.Client, number: int) -> str:
    """Lodge one declaration, trying again as a careful client does when no answer comes; its MRN."""
    content = original(lrn=f"KILL{number:05d}")
    end = time.monotonic() + PATIENCE
    while True:
        try:
            response = client.post(f"{service.url}/v1/declarations", content=content)
        except httpx.HTTPError:
            assert time.monotonic() < end, "the service did not come back"
            time.sleep(0.2)
            continue
        if response.status_code != 503:
            break
        time.sleep(float(response.headers["Retry-After"]))
    assert response.status_code == 202, response.text
    return str(response.json()["mrn"])


def lodge_while(service: Service, key: str, disturb: threading.Thread) -> list[str]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    with httpx.Client(headers=headers, timeout=10.0, trust_env=False) as client, ThreadPoolExecutor(CLIENTS) as pool:
        mrns = list(pool.map(lambda number: lodge(service, client, number), range(DECLARATIONS)))
    disturb.join()
    return mrns


def count(service: Service, table: str) -> object:
    return service.query(f"SELECT count(*) FROM {table}")[0][0]


@pytest.mark.parametrize("victim", ["web", "dispatcher", "worker 1", "queue server", "supervisor"])
def test_killing_one_process_loses_and_doubles_nothing(
    victim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SW_CONFIG", str(patient_config(tmp_path / "config")))
    with running_service(tmp_path) as service:
        key = service.key(Role.TRADER, party="GB123456789012")

        def kill_midway() -> None:
            wait_until(lambda: int(str(count(service, "declaration"))) >= DECLARATIONS // 4, PATIENCE)
            service.kill(victim)
            if victim == "supervisor":
                service.start()

        disturb = threading.Thread(target=kill_midway)
        disturb.start()
        mrns = lodge_while(service, key, disturb)
        wait_until(lambda: count(service, "decision") == DECLARATIONS, DECIDED_WITHIN, service.log)

        assert len(set(mrns)) == DECLARATIONS
        assert {mrn for (mrn,) in service.query("SELECT mrn FROM declaration")} == set(mrns)
        assert count(service, "outbox") == 0
        unequal = service.query(
            "SELECT e.version_id FROM event e WHERE e.kind = 'decided' GROUP BY e.version_id HAVING count(*) <> 1"
        )
        assert unequal == []
        silent = service.query("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
        assert silent == [(0,)]


def test_a_killed_supervisor_takes_its_children_with_it(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        children = {name: pid for name, pid in service.processes().items() if name != "supervisor"}
        service.kill("supervisor")
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children.values()), 10.0)


def test_a_service_told_to_end_ends_in_order_and_leaves_no_process(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        children = service.processes()
        assert service.stop() == 0
        assert not any(Path(f"/proc/{pid}").exists() for name, pid in children.items() if name != "supervisor")
