from __future__ import annotations

import resource
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import NotRetryable, Pending, Retryable, View, assess_each
from adapters.remote import RemoteAdapter, pause_of
from singlewindow.decisions.assessment import Answer, Assessment, Control, Lane
from tests.agency_folders import remote
from tests.agency_server import FLOOD_BYTES, GARBAGE, SLOW_SECONDS, AgencyServer, agency_server
from tests.terms import TERMS

KEY = "agency-key-1"
LIMIT_SECONDS = 0.5
TREE = {"GoodsShipment": {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "1"}]}}
VIEW = View("26GB0000000000000A", 1, TREE, TERMS, ("1",), "0000000000ABC", "2026-11-23T01:00:00.000000Z", "trace-1")

Ask = Callable[[str], Assessment]


@pytest.fixture
def server() -> Iterator[AgencyServer]:
    with agency_server() as running:
        yield running


def adapter_for(server: AgencyServer, root: Path, **changes: str) -> RemoteAdapter:
    agency = remote(root, server.url, **changes)
    assert agency.remote is not None
    return RemoteAdapter(agency, agency.remote, KEY)


@pytest.fixture
def adapter(server: AgencyServer, tmp_path: Path) -> RemoteAdapter:
    return adapter_for(server, tmp_path)


@pytest.fixture
def hasty(server: AgencyServer, tmp_path: Path) -> RemoteAdapter:
    return adapter_for(server, tmp_path, timeout_seconds=str(LIMIT_SECONDS))


@pytest.fixture
def ask(server: AgencyServer, adapter: RemoteAdapter) -> Ask:
    def once(mode: str) -> Assessment:
        server.mode = mode
        return adapter.assess(VIEW)

    return once


def test_a_green_answer_is_an_assessment_of_the_agency(ask: Ask) -> None:
    answer = ask("green")
    assert (answer.agency, answer.answer, answer.lane, answer.controls) == (
        "firearms", Answer.ASSESSED, Lane.GREEN, (),
    )  # fmt: skip


def test_an_answer_that_asks_for_inspection_keeps_its_reasons(ask: Ask) -> None:
    answer = ask("inspect")
    assert (answer.lane, answer.score, answer.controls) == (Lane.RED, 70, (Control.PHYSICAL,))
    assert (answer.findings[0].trader, answer.findings[0].item) == ("bring the licence", "1")


def test_the_agency_gets_its_view_and_what_it_needs_to_answer_later(server: AgencyServer, ask: Ask) -> None:
    ask("green")
    assert server.questions == [
        {
            "question": "0000000000ABC", "reference": "26GB0000000000000A", "version": 1,
            "deadline": "2026-11-23T01:00:00.000000Z", "items": ["1"], "view": TREE,
        }
    ]  # fmt: skip
    headers = server.headers[0]
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Correlation-Id"] == "trace-1"


def test_the_agency_is_told_that_the_goods_have_gone(server: AgencyServer, adapter: RemoteAdapter) -> None:
    server.mode = "green"
    adapter.assess(replace(VIEW, after_release=True))
    assert server.questions[0]["after_release"] is True


def test_a_question_taken_for_later_is_pending(ask: Ask) -> None:
    with pytest.raises(Pending):
        ask("silent")


@pytest.mark.parametrize("mode", GARBAGE)
def test_garbage_is_no_answer_and_none_of_it_is_repeated(ask: Ask, mode: str) -> None:
    with pytest.raises(Retryable) as caught:
        ask(mode)
    assert caught.value.counts
    assert "welcome" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_compressed_answer_is_refused(ask: Ask) -> None:
    with pytest.raises(Retryable, match="compressed"):
        ask("compressed")


def test_a_flood_is_read_no_further_than_the_largest_answer(server: AgencyServer, ask: Ask) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Retryable, match="more than 64000 bytes"):
        ask("flood")
    assert server.sent < FLOOD_BYTES / 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000


@pytest.mark.parametrize("mode", ["hang", "drip", "drip_without_length", "drip_head"])
def test_no_call_takes_longer_than_its_time_limit(server: AgencyServer, hasty: RemoteAdapter, mode: str) -> None:
    server.mode = mode
    began = time.monotonic()
    with pytest.raises(Retryable):
        hasty.assess(VIEW)
    assert LIMIT_SECONDS * 0.9 <= time.monotonic() - began < LIMIT_SECONDS + 0.5


def test_a_connection_that_stands_only_after_the_time_limit_is_closed(
    hasty: RemoteAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    connect = socket.create_connection

    def connect_late(*where: Any, **how: Any) -> socket.socket:
        time.sleep(LIMIT_SECONDS + 0.1)
        made.append(connect(*where, **how))
        return made[-1]

    monkeypatch.setattr(socket, "create_connection", connect_late)
    with pytest.raises(Retryable, match="no full answer"):
        hasty.assess(VIEW)
    assert [connection.fileno() for connection in made] == [-1]


@pytest.mark.parametrize("mode", ["500", "502", "503", "429", "408", "204", "reset"])
def test_a_failure_that_may_pass_is_retried_and_counted(ask: Ask, mode: str) -> None:
    with pytest.raises(Retryable) as caught:
        ask(mode)
    assert (caught.value.after, caught.value.counts) == (2, True)


@pytest.mark.parametrize("mode", ["400", "401", "403", "404", "422"])
def test_a_refusal_is_final(ask: Ask, mode: str) -> None:
    with pytest.raises(NotRetryable, match=mode):
        ask(mode)


@pytest.mark.parametrize("mode", ["busy", "throttled"])
def test_a_pause_that_the_agency_asks_for_is_kept_for_all_questions(server: AgencyServer, ask: Ask, mode: str) -> None:
    with pytest.raises(Retryable) as caught:
        ask(mode)
    assert (caught.value.after, caught.value.counts) == (7, False)
    with pytest.raises(Retryable) as again:
        ask("green")
    assert 6 < again.value.after <= 7
    assert not again.value.counts
    assert server.calls == 1


def test_a_redirect_is_refused_and_its_target_never_called(server: AgencyServer, ask: Ask) -> None:
    with agency_server() as target:
        server.elsewhere = target.url
        with pytest.raises(NotRetryable, match="redirects are not followed"):
            ask("redirect")
        assert target.calls == 0


def test_an_agency_that_is_not_there_is_retried(tmp_path: Path) -> None:
    with agency_server() as gone:
        adapter = adapter_for(gone, tmp_path)
    with pytest.raises(Retryable, match="could not be reached"):
        adapter.assess(VIEW)


def test_a_proxy_of_the_environment_is_not_used(
    server: AgencyServer, adapter: RemoteAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert adapter.assess(VIEW).lane is Lane.GREEN


def test_after_five_failures_in_a_row_the_agency_is_left_in_peace(server: AgencyServer, ask: Ask) -> None:
    for _ in range(5):
        with pytest.raises(Retryable):
            ask("500")
    with pytest.raises(Retryable) as caught:
        ask("green")
    assert (server.calls, caught.value.counts) == (5, False)
    assert 9 < caught.value.after <= 10


def test_questions_are_asked_side_by_side_up_to_the_agency_s_number(server: AgencyServer, tmp_path: Path) -> None:
    adapter = adapter_for(server, tmp_path, concurrency="3")
    server.mode = "slow"
    began = time.monotonic()
    outcomes = assess_each(adapter, [VIEW] * 6)
    assert [type(outcome) for outcome in outcomes] == [Assessment] * 6
    assert 3 <= server.most_at_once <= 4  # the server counts a question out just after its answer is sent
    assert time.monotonic() - began < 6 * SLOW_SECONDS


def test_answers_come_in_the_order_of_the_questions(server: AgencyServer, tmp_path: Path) -> None:
    server.mode = "by_goods"
    views = [
        View(f"MRN{n}", n, {"goods": "93020000"} if n % 2 else {}, TERMS) for n in range(1, 9)
    ]  # four refusals: no pause yet
    outcomes = assess_each(adapter_for(server, tmp_path), views)
    # Items of no view: where the answer names one, it is refused, which shows whose answer it was.
    assert [isinstance(outcome, Retryable) for outcome in outcomes] == [bool(view.version % 2) for view in views]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    key, found, both = tmp_path / "key.pem", tmp_path / "certificate.pem", tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(found)]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed: no certificate can be made")
    both.write_bytes(key.read_bytes() + found.read_bytes())
    return both


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path, tmp_path: Path) -> None:
    with agency_server(certificate=certificate) as server:
        adapter = adapter_for(server, tmp_path, allow_http="false")
        with pytest.raises(Retryable, match="certificate is not trusted"):
            adapter.assess(VIEW)
        assert server.calls == 0


def trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this host trust a certificate, as if the process had begun with it."""
    monkeypatch.setenv(ssl.get_default_verify_paths().openssl_cafile_env, str(certificate))
    trusted = ssl.create_default_context()
    monkeypatch.setattr("adapters.remote._trusted", lambda: trusted)


def test_a_certificate_that_the_host_trusts_is_accepted(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(certificate, monkeypatch)
    with agency_server(certificate=certificate) as server:
        adapter = adapter_for(server, tmp_path, allow_http="false")
        assert adapter.assess(VIEW).lane is Lane.GREEN


@pytest.mark.parametrize("mode", ["hang", "drip", "drip_head"])
def test_the_time_limit_holds_under_tls_too(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    trust(certificate, monkeypatch)
    with agency_server(mode, certificate=certificate) as server:
        adapter = adapter_for(server, tmp_path, timeout_seconds="0.8", allow_http="false")
        began = time.monotonic()
        with pytest.raises(Retryable):
            adapter.assess(VIEW)
        assert 0.7 <= time.monotonic() - began < 1.5
        assert server.calls == 1


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 1), ("999999999999", 3600), ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
     ("Mon, 23 Nov 2026 11:00:00 GMT", 1), ("Fri, 31 Dec 9999 23:59:59 GMT", 3600), (None, None), ("", None),
     ("-5", None), ("soon", None), ("1.5", None), ("Mon, 99 Nov 2026 12:00:30 GMT", None), ("\u0667", None)],
)  # fmt: skip
def test_retry_after_is_understood_within_bounds(header: str | None, seconds: float | None) -> None:
    assert pause_of(header, lambda: NOW) == seconds
