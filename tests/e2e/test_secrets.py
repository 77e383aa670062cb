"""Secrets of a running service, looked for where they must not be: process list, log, queue server, answers, record."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import redis

from singlewindow.security.keys import Role
from tests.documents import original
from tests.e2e.service import Service, running_service, wait_until


def test_no_secret_shows_outside_its_place(tmp_path: Path) -> None:
    with running_service(tmp_path) as service:
        key = service.key(Role.TRADER, party="GB123456789012")
        _, client_id, secret = key.split("_")
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        token = httpx.post(f"{service.url}/oauth/token", data=form, trust_env=False).json()["access_token"]
        told = [_call(service, "GET", "/v1/notices", token[:-4]), _call(service, "GET", "/v1/nothing", key)]
        wrong = form | {"client_secret": secret[:-1] + "-"}
        told.append(httpx.post(f"{service.url}/oauth/token", data=wrong, trust_env=False))
        lodged = httpx.post(
            f"{service.url}/v1/declarations", content=original("SECRETS1"), trust_env=False,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/xml"},
        )  # fmt: skip
        assert lodged.status_code == 202, lodged.text
        wait_until(lambda: service.query("SELECT count(*) FROM decision") == [(1,)], 30.0, service.log)
        signing = (tmp_path / "token-key.pem").read_text().splitlines()[1]
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
    return httpx.request(method, service.url + path, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False)


def _command_lines(service: Service) -> str:
    files = (Path(f"/proc/{number}/cmdline") for number in service.processes().values())
    return " ".join(file.read_bytes().replace(b"\0", b" ").decode() for file in files)


def _queue(service: Service) -> str:
    # The queue server writes its own command line, and its socket into it.
    path = re.search(r"unixsocket\W+(/[^\s\0]+)", _command_lines(service))
    assert path is not None, _command_lines(service)
    with redis.Redis(unix_socket_path=path[1]) as client:
        names = list(client.scan_iter())
        dumped = [client.dump(name) for name in names]
        return f"{names}{dumped}{client.config_get('*')}"
