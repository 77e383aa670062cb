from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen

from singlewindow.access.keys import Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.declarations.canonical import canonical_bytes
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.storage import declarations
from singlewindow.storage.trail import events
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import JSON_TYPE, PISTOLS, XML_TYPE, as_json, as_xml, tree
from tests.integration.record import change

SECRETS = ("lane", "score", "weight", "profile", "fingerprint", "green", "yellow", "orange", "red", "actor")


def _lodged(caller: Caller, lrn: str = "LRN1", commodity: str = "82055980") -> str:
    answer = caller.lodge(tree(lrn, commodity))
    assert answer.status_code == 202, answer.data
    return str(body_of(answer)["mrn"])


def test_a_declaration_is_open_until_every_agency_has_answered_and_then_decided(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = _lodged(trader)
    before = body_of(trader.get(f"/v1/declarations/{mrn}"))
    work(context)
    after = body_of(trader.get(f"/v1/declarations/{mrn}"))
    assert (before["state"], after["state"]) == ("presented", "released")


@pytest.mark.parametrize("role", ["trader", "auditor"])
def test_a_status_is_of_one_moment_whatever_is_decided_meanwhile(
    trader: Caller, callers: Callers, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    mrn = _lodged(trader)
    reader, path, recorded = callers.of(Role(role)), f"/v1/declarations/{mrn}", events.of_declaration
    before = body_of(reader.get(path))

    def decided_first(connection: Connection, declaration_id: int) -> list[events.Event]:
        work(context)
        return recorded(connection, declaration_id)

    monkeypatch.setattr(events, "of_declaration", decided_first)
    assert body_of(reader.get(path)) == before
    assert before["state"] == "presented"
    monkeypatch.undo()
    after = body_of(reader.get(path))
    assert (after["state"], after["timeline"][-1]["text"][:8]) == ("released", "Decided:")


def test_a_page_of_the_list_is_of_one_moment(
    trader: Caller, context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = _lodged(trader, "LRN1"), _lodged(trader, "LRN2")
    path, listing = f"/v1/declarations?after={first}", declarations.list_newest
    before = body_of(trader.get(path))

    def decided_first(*given: Any) -> list[Any]:
        work(context)
        return listing(*given)

    monkeypatch.setattr(declarations, "list_newest", decided_first)
    assert body_of(trader.get(path)) == before


@pytest.mark.parametrize("role", ["trader", "auditor"])
@pytest.mark.parametrize("path", ["", "/decision"])
def test_where_a_declaration_stands_is_told_without_reading_its_document(
    trader: Caller, callers: Callers, context: ClearanceContext, role: str, path: str
) -> None:
    mrn, reader, asked = _lodged(trader), callers.of(Role(role)), list[str]()
    listen(context.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert reader.get(f"/v1/declarations/{mrn}{path}").status_code in (200, 202)
    document = [re.findall(r"version\.(received|canonical)\b", statement) for statement in asked]
    assert any("version.number" in statement for statement in asked)
    assert not any(document)


def test_the_timeline_tells_each_step_in_words(trader: Caller, callers: Callers, context: ClearanceContext) -> None:
    mrn = _lodged(trader)
    work(context)
    texts = [entry["text"] for entry in body_of(trader.get(f"/v1/declarations/{mrn}"))["timeline"]]
    assert texts[0] == "Lodged and accepted"
    assert texts[1].startswith("Decided: ")
    audited = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))
    told = [entry["text"] for entry in audited["timeline"]]
    assert told[0].startswith("Lodged and accepted; asked: ")
    assert any(text.endswith("has answered") for text in told)
    assert all(agency["answered"] and agency["answered_at"] for agency in audited["agencies"])


def test_a_trader_sees_no_tactics_anywhere(trader: Caller, context: ClearanceContext) -> None:
    mrn = _lodged(trader, commodity=PISTOLS)
    work(context)
    identifiers = {profile.entry.id for agency in context.agencies.values() for profile in agency.method.profiles}
    rules = {rule.id for agency in context.agencies.values() for rule, _ in agency.routing}
    for path in (f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decision", "/v1/declarations", "/v1/notices"):
        answer = trader.get(path)
        assert answer.status_code == 200
        names = set(_members(body_of(answer)))
        assert not names & {*SECRETS, "reason", "kind", "detail", "findings"}
        assert not any(identifier in answer.text for identifier in identifiers | rules)


def _members(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for entry in value.values() for name in _members(entry))]
    return [name for entry in value for name in _members(entry)] if isinstance(value, list) else []


def test_an_auditor_sees_why_each_agency_was_asked_or_not_and_how_it_answered(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = _lodged(trader)
    work(context)
    seen = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))
    assert all(agency["reason"] and agency["lane"] and agency["answer"] for agency in seen["agencies"])
    assert all(agency["reason"] for agency in seen["not_asked"])
    assert len(seen["agencies"]) + len(seen["not_asked"]) == len(context.agencies)
    assert {entry["kind"] for entry in seen["timeline"]} == {"lodged", "assessed", "decided"}


def test_the_decision_gives_each_reader_its_reasons(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = _lodged(trader, commodity=PISTOLS)
    work(context)
    path = f"/v1/declarations/{mrn}/decision"
    own, audited = body_of(trader.get(path)), body_of(callers.auditor().get(path))
    assert own["outcome"] == audited["outcome"] == "inspect"
    assert own["controls"] == audited["controls"]
    assert own["number"] == 1
    assert own["reasons"][0].startswith("The goods are held for ")
    assert any(audited["fingerprint"] in reason for reason in audited["reasons"])
    assert "fingerprint" not in own


def test_an_open_decision_is_answered_at_once_with_when_to_ask_again(trader: Caller) -> None:
    mrn = _lodged(trader)
    began = time.monotonic()
    answer = trader.get(f"/v1/declarations/{mrn}/decision")
    assert answer.status_code == 202
    assert body_of(answer) == {"mrn": mrn, "version": 1, "state": "presented", "status": "open"}
    assert answer.headers["Retry-After"] == "1"
    assert time.monotonic() - began < 1


def test_a_declaration_that_ended_without_a_decision_says_so_at_once(trader: Caller, callers: Callers) -> None:
    mrn = _lodged(trader)
    trader.post(b'{"reason": "Lodged twice"}', path=f"/v1/declarations/{mrn}/cancellation")
    began = time.monotonic()
    for reader in (trader, callers.auditor()):
        answer = reader.get(f"/v1/declarations/{mrn}/decision?wait=20")
        assert problem(answer) == (409, "NOT_POSSIBLE")
        assert body_of(answer)["detail"] == "The declaration is cancelled. It was not decided, and will not be"
    assert time.monotonic() - began < 5


def test_waiting_ends_when_the_declaration_is_cancelled(trader: Caller) -> None:
    mrn = _lodged(trader)
    ask = f"/v1/declarations/{mrn}/cancellation"
    cancelling = threading.Timer(0.3, trader.post, [b'{"reason": "Lodged twice"}'], {"path": ask})
    began = time.monotonic()
    cancelling.start()
    answer = trader.get(f"/v1/declarations/{mrn}/decision?wait=20")
    cancelling.join()
    assert problem(answer) == (409, "NOT_POSSIBLE")
    assert 0.3 <= time.monotonic() - began < 10


def test_what_was_decided_before_it_was_cancelled_is_still_shown(trader: Caller, context: ClearanceContext) -> None:
    mrn = _lodged(trader, commodity=PISTOLS)
    work(context)
    change(context, "UPDATE version SET state = 'cancelled'")
    assert body_of(trader.get(f"/v1/declarations/{mrn}/decision"))["outcome"] == "inspect"


def test_a_decision_is_waited_for_no_longer_than_it_takes(trader: Caller, context: ClearanceContext) -> None:
    mrn = _lodged(trader)
    worker = threading.Timer(0.3, work, [context])
    began = time.monotonic()
    worker.start()
    answer = trader.get(f"/v1/declarations/{mrn}/decision?wait=20")
    worker.join()
    assert answer.status_code == 200
    assert 0.3 <= time.monotonic() - began < 10


def test_waiting_ends_when_the_time_is_over(trader: Caller) -> None:
    mrn = _lodged(trader)
    began = time.monotonic()
    assert trader.get(f"/v1/declarations/{mrn}/decision?wait=1").status_code == 202
    assert 1 <= time.monotonic() - began < 3


def test_where_all_places_are_taken_nobody_else_waits(trader: Caller, context: ClearanceContext) -> None:
    mrn = _lodged(trader)
    path = f"/v1/declarations/{mrn}/decision?wait=2"
    waiting = [threading.Thread(target=trader.get, args=[path]) for _ in range(context.settings.sw_waiters)]
    for thread in waiting:
        thread.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert trader.get(path).status_code == 202
    assert time.monotonic() - began < 1
    for thread in waiting:
        thread.join()
    began = time.monotonic()
    assert trader.get(f"/v1/declarations/{mrn}/decision?wait=1").status_code == 202
    assert time.monotonic() - began >= 1, "the places were not given back"


@pytest.mark.parametrize("media", [JSON_TYPE, XML_TYPE])
def test_a_document_comes_back_as_it_was_received(trader: Caller, media: str) -> None:
    content = (as_json if media == JSON_TYPE else as_xml)(tree()) + b"\n"
    mrn = body_of(trader.post(content, media))["mrn"]
    for accept in (None, "*/*", media, f"{XML_TYPE}, {JSON_TYPE}"):
        answer = trader.get(f"/v1/declarations/{mrn}/document", accept)
        assert (answer.data, answer.content_type) == (content, media)


@pytest.mark.parametrize(("media", "other"), [(JSON_TYPE, XML_TYPE), (XML_TYPE, JSON_TYPE)])
def test_a_document_comes_in_the_other_form_with_the_same_content(trader: Caller, media: str, other: str) -> None:
    content = (as_json if media == JSON_TYPE else as_xml)(tree())
    mrn = body_of(trader.post(content, media))["mrn"]
    answer = trader.get(f"/v1/declarations/{mrn}/document", other)
    form = {JSON_TYPE: Media.JSON, XML_TYPE: Media.XML}
    assert answer.content_type == other
    again, first = read_message(answer.data, form[other]).declaration, read_message(content, form[media]).declaration
    assert canonical_bytes(again) == canonical_bytes(first)


def test_a_document_in_a_third_form_is_not_to_be_had(trader: Caller) -> None:
    mrn = _lodged(trader)
    assert problem(trader.get(f"/v1/declarations/{mrn}/document", "application/pdf")) == (406, "NOT_ACCEPTABLE")


def test_the_list_is_read_page_by_page(trader: Caller) -> None:
    mrns = [_lodged(trader, f"LRN{number}") for number in range(5)]
    seen, path = [], "/v1/declarations?limit=2"
    while path:
        answer = trader.get(path)
        seen += [entry["mrn"] for entry in body_of(answer)["declarations"]]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].lstrip("<")
    assert sorted(seen) == sorted(mrns)
    assert len(seen) == len(set(seen))


def test_the_list_can_be_asked_for_one_reference(trader: Caller) -> None:
    mrns = [_lodged(trader, f"LRN{number}") for number in range(3)]
    (entry,) = body_of(trader.get("/v1/declarations?lrn=LRN1"))["declarations"]
    assert (entry["mrn"], entry["lrn"], entry["type"], entry["state"]) == (mrns[1], "LRN1", "IMA", "presented")


def test_the_list_shows_a_trader_its_own_and_an_auditor_all(callers: Callers) -> None:
    for party in ("GB1", "GB2"):
        _lodged(callers.trader(party))
    readers = (callers.trader("GB1"), callers.trader("GB3"), callers.auditor())
    assert [len(body_of(reader.get("/v1/declarations"))["declarations"]) for reader in readers] == [1, 0, 2]


UNFIT = ["limit=0", "limit=-1", "limit=201", "limit=1e9", "limit=abc", "limit=1&limit=1", "after=1", "after=", "lrn=",
         "limits=1", "lrn=%00", "after=99ZZ00000000000000", "after=' OR 1=1--"]  # fmt: skip


def test_a_query_that_does_not_fit_is_refused(trader: Caller) -> None:
    for query in UNFIT:
        answer = trader.get(f"/v1/declarations?{query}")
        assert (query, *problem(answer)) == (query, 400, "INVALID_PARAMETER")


def test_a_cursor_of_another_party_is_refused(callers: Callers) -> None:
    mrn = _lodged(callers.trader("GB1"))
    assert problem(callers.trader("GB2").get(f"/v1/declarations?after={mrn}")) == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize("rest", ["", "/decision", "/document", "/decision?wait=30"])
def test_what_is_anothers_is_answered_as_what_does_not_exist(callers: Callers, rest: str) -> None:
    foreign, other = _lodged(callers.trader("GB1")), callers.trader("GB2")
    unknown = "26ZZ00000000000000"
    answers = []
    for mrn in (foreign, unknown, "null", "1", "..%2f1", "x" * 10_000, "%00", "' OR ''='"):
        answer = other.get(f"/v1/declarations/{mrn}{rest}")
        trace_id = answer.headers.pop("X-Trace-Id")
        answers.append((answer.status_code, answer.data.replace(trace_id.encode(), b"-"), dict(answer.headers)))
    assert answers[0][0] == 404
    first, *others = answers
    for answered in others[:2]:
        assert answered == first
