"""Secrets of a running service, looked for where they must not be: process list, log, queue server, answers, record.

And contents of declarations, which must be neither in the queue server nor in the log.
"""

from __future__ import annotations

import os
import re
import signal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from lxml import etree

from singlewindow.access.keys import Role
from tests.documents import original
from tests.e2e.service import Service, request, wait_until

pytestmark = pytest.mark.service


def test_no_secret_shows_outside_its_place(service: Service, party: str) -> None:
    key = service.key(Role.TRADER, party=party)
    _, client_id, secret = key.split("_")
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = request("POST", f"{service.url}/oauth/token", data=form).json()["access_token"]
    told = [_call(service, "GET", "/v1/notices", token[:-4]), _call(service, "GET", "/v1/nothing", key)]
    wrong = form | {"client_secret": secret[:-1] + "-"}
    told.append(request("POST", f"{service.url}/oauth/token", data=wrong))
    lodged = request(
        "POST", f"{service.url}/v1/declarations", content=original("SECRETS1", party=party),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/xml"},
    )  # fmt: skip
    assert lodged.status_code == 202, lodged.text
    _wait_for_decision(service, lodged)
    signing = (service.folder / "token-key.pem").read_text().splitlines()[1]
    places = {
        "process list": _command_lines(service), "log": service.log(), "queue server": _queue(service),
        "answers": "".join(answer.text + str(answer.headers) for answer in (*told, lodged)),
        "record": "".join(str(service.query(f"SELECT * FROM {table}")) for table in ("principal", "event")),
    }  # fmt: skip
    secrets = {"key": secret, "token": token[-40:-4], "signing key": signing}
    found = [(place, name) for place, text in places.items() for name, value in secrets.items() if value in text]
    assert found == []
    assert "answered status=202" in places["log"]
    assert "singlewindow" in places["process list"]


def _call(service: Service, method: str, path: str, bearer: str) -> httpx.Response:
    return request(method, service.url + path, headers={"Authorization": f"Bearer {bearer}"})


def _command_lines(service: Service) -> str:
    files = (Path(f"/proc/{number}/cmdline") for number in service.processes().values())
    return " ".join(file.read_bytes().replace(b"\0", b" ").decode() for file in files)


def test_the_queue_server_never_holds_a_word_of_a_declaration(service: Service, party: str) -> None:
    document = original("QUEUED1", party=party)
    headers = {"Authorization": f"Bearer {service.key(Role.TRADER, party=party)}"}
    earlier = _jobs(service)
    with _frozen_workers(service):  # so that their jobs stay in the queue
        lodged = request(
            "POST", f"{service.url}/v1/declarations", content=document,
            headers=headers | {"Content-Type": "application/xml"},
        )  # fmt: skip
        assert lodged.status_code == 202, lodged.text
        wait_until(lambda: bool(_jobs(service) - earlier), 10.0, service.log)
        waiting = _queue(service)
    _wait_for_decision(service, lodged)
    afterwards, log = _queue(service), service.log()
    assert "workers.jobs.assess" in waiting
    values = {text.strip() for text in etree.fromstring(document).itertext()}
    names = {value for value in values if len(value) > 4 and not value.isdigit()}  # others may stand anywhere
    words = {lodged.json()["mrn"], *names}
    assert len(words) > 10
    places = {"waiting": waiting, "afterwards": afterwards, "log": log.replace(lodged.json()["mrn"], "")}
    assert {(place, word) for place, held in places.items() for word in words if word in held} == set()


def _wait_for_decision(service: Service, lodged: httpx.Response) -> None:
    address = lodged.json()["links"]["decision"]
    key = service.key(Role.AUDITOR)
    wait_until(lambda: _call(service, "GET", address, key).status_code == 200, 30.0, service.log)


@contextmanager
def _frozen_workers(service: Service) -> Iterator[None]:
    workers = [pid for name, pid in service.processes().items() if name.startswith("worker")]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def _jobs(service: Service) -> set[str]:
    return set(re.findall(r"rq:job:batch-\d+", _queue(service)))


def _queue(service: Service) -> str:
    # The queue server writes its own command line, and its socket into it.
    path = re.search(r"unixsocket\W+(/[^\s\0]+)", _command_lines(service))
    assert path is not None, _command_lines(service)
    with redis.Redis(unix_socket_path=path[1]) as client:
        held = {name: _plain(READ[client.type(name)](client, name)) for name in client.scan_iter()}
        return f"{held}{client.config_get('*')}"


READ: dict[bytes, Any] = {
    b"string": lambda client, name: client.get(name),
    b"hash": lambda client, name: client.hgetall(name),
    b"list": lambda client, name: client.lrange(name, 0, -1),
    b"set": lambda client, name: client.smembers(name),
    b"zset": lambda client, name: client.zrange(name, 0, -1, withscores=True),
    b"stream": lambda client, name: client.xrange(name),
    b"none": lambda client, name: None,  # gone since it was named
}


def _plain(held: Any) -> Any:
    """What the queue server holds, unpacked where it is packed."""
    if isinstance(held, bytes):
        with suppress(zlib.error):
            return zlib.decompress(held)
        return held
    if isinstance(held, dict):
        return {name: _plain(value) for name, value in held.items()}
    return [_plain(value) for value in held] if isinstance(held, list | tuple | set) else held
