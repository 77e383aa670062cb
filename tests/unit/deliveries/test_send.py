"""One attempt ends soon and reaches nothing else, whatever the receiver does; real connections, real TLS."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from singlewindow.deliveries import send
from singlewindow.deliveries.receivers import Allowed
from singlewindow.deliveries.send import Attempted, Sender, resolved
from tests.certificates import DAY, Authority
from tests.faults.harness.agencies import Canary
from tests.receiver_server import BOMB, ReceiverServer, receiver_server

CONTENT = b'{"type": "notice", "data": {}}'
HEADERS = {"webhook-id": "msg_1"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Path:
    return authority.issue("hooks.internal")


@pytest.fixture
def server(certificate: Path) -> Iterator[ReceiverServer]:
    with receiver_server(certificate) as running:
        yield running


def post(server: ReceiverServer, tls: ssl.SSLContext, *, read: bool = False, path: str = "/hook") -> Attempted:
    """An attempt at a private host, whose name leads here."""
    allowed = Allowed(private=frozenset({("hooks.internal", server.port)}))
    sender = Sender(allowed, tls, lambda _host, _port: ["127.0.0.1"])
    return asyncio.run(sender.send(server.url(path, "hooks.internal"), CONTENT, HEADERS, read=read))


def test_a_message_is_posted_with_the_host_s_own_name(server: ReceiverServer, authority: Authority) -> None:
    done = post(server, authority.trusted(), path="/a?b=c")
    (came,) = server.received
    assert (done.status, done.problem, came.path, came.content) == (200, "", "/a?b=c", CONTENT)
    assert came.headers["host"] == f"hooks.internal:{server.port}"
    assert came.headers["webhook-id"] == "msg_1"
    assert came.headers["accept-encoding"] == "identity"
    assert "authorization" not in came.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 300, 301, 400, 401, 404, 409, 410, 429, 500, 502, 503])
def test_only_a_status_of_success_accepts(server: ReceiverServer, authority: Authority, status: int) -> None:
    server.mode = str(status)
    done = post(server, authority.trusted())
    assert (done.status, done.problem == "") == (status, status < 300)
    assert done.pause == (7.0 if status in {429, 503} else None)


@pytest.mark.parametrize("mode", ["redirect", "redirect_post"])
def test_no_redirect_is_followed(server: ReceiverServer, authority: Authority, mode: str) -> None:
    with Canary() as canary:
        server.mode, server.elsewhere = mode, canary.url
        done = post(server, authority.trusted())
        time.sleep(0.05)
        assert canary.connections == 0
    assert "Redirects are not followed" in done.problem


@pytest.mark.parametrize("mode", ["hang", "drip", "continue"])
def test_a_receiver_that_does_not_answer_is_left(
    server: ReceiverServer, authority: Authority, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TOTAL_SECONDS", 0.5)
    server.mode = mode
    began = time.monotonic()
    done = post(server, authority.trusted())
    assert time.monotonic() - began < 3
    assert "did not answer" in done.problem


@pytest.mark.parametrize("mode", ["reset", "garbage", "malformed", "headers"])
def test_an_answer_that_is_none_is_a_failure(server: ReceiverServer, authority: Authority, mode: str) -> None:
    server.mode = mode
    done = post(server, authority.trusted())
    assert (done.status, done.problem) == (None, "The receiver could not be reached, or broke off")


@pytest.mark.parametrize("mode", ["flood", "bomb"])
@pytest.mark.parametrize("read", [False, True])
def test_no_more_of_a_body_is_read_than_is_needed(
    server: ReceiverServer, authority: Authority, mode: str, read: bool
) -> None:
    server.mode = mode
    done = post(server, authority.trusted(), read=read)
    assert done.status == 200
    assert len(done.content) <= (send.LARGEST_ANSWER if read else 0)
    assert not read or mode != "bomb" or done.content == BOMB[: send.LARGEST_ANSWER]
    assert server.sent < 50_000_000


def test_certificates_are_checked(authority: Authority, certificate: Path, tmp_path: Path) -> None:
    tls = authority.trusted()
    bad = [
        authority.issue("other.internal"), authority.issue("hooks.internal", timedelta(days=-1)),
        Authority(tmp_path, "stranger").issue("hooks.internal", 3 * DAY),
    ]  # fmt: skip
    for file in bad:
        with receiver_server(file) as server:
            assert post(server, tls).problem.startswith("The receiver's certificate")
            assert server.received == []
    with receiver_server(certificate) as server:
        assert post(server, tls).problem == ""


def test_a_proxy_of_the_environment_is_not_used(
    server: ReceiverServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Canary() as canary:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, canary.url)
        assert post(server, authority.trusted()).problem == ""
        assert canary.connections == 0


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "::1"], ["::1", "93.184.215.14"], []])
def test_a_name_that_leads_inside_is_not_called(found: list[str], authority: Authority) -> None:
    with Canary() as canary:
        port = int(canary.url.rpartition(":")[2].strip("/"))
        asked: list[str] = []

        def resolve(host: str, _port: int) -> list[str]:
            asked.append(host)
            return found

        sender = Sender(Allowed(ports=frozenset({port})), authority.trusted(), resolve)
        done = asyncio.run(sender.send(f"https://good.example:{port}/", CONTENT, HEADERS))
        assert (done.status, done.problem) == (None, "The host's name has no address, or one that is not public")
        assert (asked, canary.connections) == (["good.example"], 0)


def test_a_name_is_asked_once_at_each_attempt_and_what_it_led_to_is_called(
    server: ReceiverServer, authority: Authority
) -> None:
    answers = iter([["127.0.0.1"], ["192.0.2.1"]])
    allowed = Allowed(private=frozenset({("hooks.internal", server.port)}))
    sender = Sender(allowed, authority.trusted(), lambda _host, _port: next(answers))
    done = asyncio.run(sender.send(server.url("/", "hooks.internal"), CONTENT, HEADERS))
    assert (done.problem, next(answers)) == ("", ["192.0.2.1"])


def test_names_without_an_address_lead_nowhere() -> None:
    assert resolved("no-such-name.invalid", 443) == []
    assert "127.0.0.1" in resolved("localhost", 443)
