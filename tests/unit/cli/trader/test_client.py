from __future__ import annotations

import json
import zipfile
from pathlib import Path

import httpx
import pytest

from singlewindow.cli.trader.client import declarations_in, lodge_all
from tests.documents import EXAMPLES, PLAIN


def _client(*answers: httpx.Response) -> httpx.Client:
    left = list(answers)
    return httpx.Client(base_url="http://window", transport=httpx.MockTransport(lambda _: left.pop(0)))


@pytest.mark.parametrize("content", [b"<html></html>", b"[]", b"", b'"no"'])
def test_an_answer_of_something_else_than_a_single_window_is_said_to_be_that(content: bytes) -> None:
    with _client(httpx.Response(200, content=content)) as client, pytest.raises(ValueError, match="--url"):
        lodge_all(client, [EXAMPLES / PLAIN], lambda: None)


def test_a_service_that_asks_for_a_pause_gets_the_same_again() -> None:
    refused = httpx.Response(422, json={"detail": "no"})
    with _client(httpx.Response(429, headers={"Retry-After": "0"}), refused) as client:
        assert lodge_all(client, [EXAMPLES / PLAIN], lambda: None)[0].problem == {"detail": "no"}


RECEIPT = {"mrn": "26GB1", "lrn": "L", "lodged_at": "", "links": {"decision": "/v1/declarations/26GB1/decision"}}


def test_a_declaration_that_ended_without_a_decision_is_not_waited_for() -> None:
    ended = httpx.Response(409, json={"code": "NOT_POSSIBLE", "detail": "The declaration is cancelled."})
    with _client(httpx.Response(202, json=RECEIPT), ended) as client:
        (outcome,) = lodge_all(client, [EXAMPLES / PLAIN], lambda: None)
    assert (outcome.end, outcome.decision, outcome.problem) == ("The declaration is cancelled.", {}, {})


def test_a_request_about_an_earlier_declaration_gets_its_answer_and_no_decision() -> None:
    granted = {"request": "1", "kind": "amendment", "mrn": "26GB1", "reference": "L", "answer": "granted", "words": ""}
    with _client(httpx.Response(200, json=granted)) as client:
        (outcome,) = lodge_all(client, [EXAMPLES / PLAIN], lambda: None)
    assert (outcome.request, outcome.receipt, outcome.problem) == (granted, {}, {})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "two.ZIP"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("a.xml", "<a/>")
        written.writestr("b.json", "{}")
    return path


def test_a_zip_file_is_lodged_as_a_batch_and_each_member_is_told(archive: Path) -> None:
    lines = [{"members": 2}, {"name": "a.xml", "status": 422, "problem": {"detail": "no"}},
             {"name": "b.json", "status": 400, "problem": {"detail": "neither"}}]  # fmt: skip
    busy = httpx.Response(503, headers={"Retry-After": "0"})
    steps: list[int] = []
    with _client(busy, httpx.Response(200, content="".join(f"{json.dumps(line)}\n" for line in lines))) as client:
        outcomes = lodge_all(client, [archive], lambda: steps.append(1))
    assert [(outcome.path, outcome.problem) for outcome in outcomes] == [
        (archive / "a.xml", {"detail": "no"}), (archive / "b.json", {"detail": "neither"}),
    ]  # fmt: skip
    assert len(steps) == 2 * declarations_in(archive)


def test_a_zip_file_that_is_refused_whole_is_told_as_one(archive: Path) -> None:
    with _client(httpx.Response(400, json={"detail": "no"})) as client:
        (outcome,) = lodge_all(client, [archive], lambda: None)
    assert outcome.problem == {"detail": "no"}
