"""Any process of `singlewindow up` may be killed while declarations pour in: none is lost, none decided twice.

And the whole may be ended and started again.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from singlewindow.access.keys import Role
from tests.documents import original
from tests.e2e.service import Service, wait_until

pytestmark = pytest.mark.service

DECLARATIONS = 500
CLIENTS = 8
DECIDED_WITHIN = 90.0
PATIENCE = 60.0


def lodge(service: Service, client: httpx.Client, party: str, number: int) -> str:
    """Lodge one declaration, trying again as a careful client does when no answer comes; its MRN."""
    content = original(f"KILL{number:05d}", party=party)
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


def lodge_while(service: Service, party: str, disturb: threading.Thread) -> list[str]:
    key = service.key(Role.TRADER, party=party)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    with httpx.Client(headers=headers, timeout=10.0, trust_env=False) as client, ThreadPoolExecutor(CLIENTS) as pool:
        mrns = list(pool.map(lambda number: lodge(service, client, party, number), range(DECLARATIONS)))
    disturb.join()
    return mrns


@pytest.mark.parametrize("victim", ["web", "dispatcher", "worker 1", "queue server", "supervisor"])
def test_killing_one_process_loses_and_doubles_nothing(victim: str, service: Service, party: str) -> None:
    def kill_midway() -> None:
        wait_until(lambda: int(str(service.lodged_and_decided(party)[0])) >= DECLARATIONS // 4, PATIENCE)
        service.kill(victim)
        if victim == "supervisor":
            service.start()

    disturb = threading.Thread(target=kill_midway)
    disturb.start()
    mrns = lodge_while(service, party, disturb)
    wait_until(lambda: service.lodged_and_decided(party)[1] == DECLARATIONS, DECIDED_WITHIN, service.log)

    assert len(set(mrns)) == DECLARATIONS
    assert {mrn for (mrn,) in service.query(f"SELECT mrn FROM declaration WHERE party = '{party}'")} == set(mrns)
    assert service.query("SELECT count(*) FROM outbox") == [(0,)]
    unequal = service.query(
        "SELECT e.version_id FROM event e WHERE e.kind = 'decided' GROUP BY e.version_id HAVING count(*) <> 1"
    )
    assert unequal == []
    silent = service.query("SELECT count(*) FROM assessment WHERE answer <> 'assessed'")
    assert silent == [(0,)]


@pytest.mark.parametrize("how", ["in order", "killed"])
def test_a_service_that_ends_leaves_no_process_and_goes_on_when_it_is_started(
    how: str, service: Service, party: str
) -> None:
    key = service.key(Role.TRADER, party=party)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/xml"}
    with httpx.Client(headers=headers, timeout=10.0, trust_env=False) as client:
        for number in range(20):
            lodge(service, client, party, number)
    children = {name: pid for name, pid in service.processes().items() if name != "supervisor"}
    if how == "killed":
        service.kill("supervisor")
        wait_until(lambda: not _any_alive(children), 10.0)
    else:
        assert service.stop() == 0
        assert not _any_alive(children)
    service.start()
    wait_until(lambda: service.lodged_and_decided(party) == (20, 20), 30.0, service.log)


def _any_alive(processes: dict[str, int]) -> bool:
    return any(Path(f"/proc/{pid}").exists() for pid in processes.values())
