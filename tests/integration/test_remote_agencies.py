"""Agencies with systems of their own, over real HTTP and both databases: one answer, one decision, whatever they do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from unittest.mock import ANY

import msgspec
import pytest

from adapters.registry import build_adapters
from singlewindow.agencies.agency import Agency, Remote
from singlewindow.agencies.question_names import question_name, read_question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.late_answers import MOST_CONTRADICTIONS, Contradiction, Given, Receipt, reconcile
from singlewindow.clearance.deciding.lease import leases_renewed
from singlewindow.clearance.deciding.respond import respond
from singlewindow.decisions.assessment import Answer, Assessment, Lane
from singlewindow.enquiries.release_times import Study, report_release_times
from singlewindow.release_times.report import By
from singlewindow.storage import declarations
from tests.agency_server import GARBAGE, GREEN, INSPECT, OTHER, AgencyServer, agency_server
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import change, rows
from workers.queues import ASSESS, ASSESS_REMOTE, queue_of

AGENCY = "customs"
RACE_ROUNDS = 40
GREEN_BODY, OTHER_BODY = json.dumps(GREEN).encode(), json.dumps(OTHER).encode()


@pytest.fixture
def server() -> Iterator[AgencyServer]:
    with agency_server("silent") as running:
        yield running


def as_remote(agency: Agency, url: str, **changes: Any) -> Agency:
    settings: dict[str, Any] = {"timeout_seconds": 20.0, "concurrency": 4} | changes
    remote = Remote(url=url, key_env="CUSTOMS_KEY", allow_http=True, **settings)
    return replace(
        agency,
        head=msgspec.structs.replace(agency.head, adapter="remote"),
        method=replace(agency.method, profiles=()),
        remote=remote,
    )


def over_http(context: ClearanceContext, url: str, **changes: Any) -> ClearanceContext:
    """The window with its customs asked over HTTP."""
    agencies = {**context.agencies, AGENCY: as_remote(context.agencies[AGENCY], url, **changes)}
    return replace(context, agencies=agencies, adapters=build_adapters(agencies, secrets=lambda _: "key"))


@pytest.fixture
def context(context: ClearanceContext, server: AgencyServer) -> ClearanceContext:
    """The window of all integration tests, with its customs asked over HTTP."""
    return over_http(context, server.url)


def version_of(question: str) -> int:
    named = read_question_name(question)
    assert named is not None
    return named.version_id


def asked(trader: Caller, context: ClearanceContext, lrn: str = "LRN1") -> tuple[str, str]:
    """A lodged declaration's MRN and its question's id."""
    mrn = str(body_of(trader.lodge(tree(lrn)))["mrn"])
    ((version_id,),) = rows(
        context, f"SELECT v.id FROM version v JOIN declaration d ON d.id = v.declaration_id WHERE d.mrn = '{mrn}'"
    )
    return mrn, question_name(version_id)


def answer(caller: Caller, question: str, content: bytes = GREEN_BODY, agency: str = AGENCY) -> Any:
    return caller.post(content, path=f"/v1/agencies/{agency}/assessments/{question}")


def kinds(context: ClearanceContext) -> list[str]:
    return [kind for (kind,) in rows(context, "SELECT kind FROM event WHERE version_id IS NOT NULL ORDER BY id")]


def outcomes(context: ClearanceContext) -> list[str]:
    return [outcome for (outcome,) in rows(context, "SELECT outcome FROM decision")]


def test_an_agency_that_answers_at_once_decides_with_the_others(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "green"
    _, question = asked(trader, context)
    work(context)
    assert outcomes(context) == ["release"]
    assert [entry["question"] for entry in server.questions] == [question]


def test_an_agency_that_takes_the_question_is_asked_once_and_answers_later(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    mrn, question = asked(trader, context)
    work(context)
    work(context)
    assert (server.calls, outcomes(context)) == (1, [])
    receipt = answer(callers.agency(AGENCY), question)
    assert receipt.status_code == 200
    assert body_of(receipt) | {"received_at": ""} == {
        "mrn": mrn, "version": 1, "agency": AGENCY, "received_at": "", "late": False,
    }  # fmt: skip
    assert outcomes(context) == ["release"]


def test_an_answer_may_come_before_the_agency_is_asked_and_then_nobody_asks(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    _, question = asked(trader, context)
    assert answer(callers.agency(AGENCY), question, json.dumps(INSPECT).encode()).status_code == 200
    work(context)
    assert (server.calls, outcomes(context)) == (0, ["inspect"])


@pytest.mark.parametrize("mode", ["later", "later_twice", "later_two_ways"])
def test_an_answer_that_comes_while_we_still_ask_is_the_answer(
    trader: Caller, context: ClearanceContext, server: AgencyServer, mode: str
) -> None:
    asked(trader, context)
    server.callback = lambda question, given: respond(context, AGENCY, question["question"], json.dumps(given).encode())
    server.mode = mode
    work(context)
    wait_for_calls_to_end(server)
    assert (server.calls, outcomes(context)) == (1, ["release"])
    assert rows(context, f"SELECT lane FROM assessment WHERE agency = '{AGENCY}'") == [("green",)]
    assert kinds(context).count("contradicted") == (1 if mode == "later_two_ways" else 0)


def wait_for_calls_to_end(server: AgencyServer) -> None:
    while server.at_once:
        time.sleep(0.01)


def test_the_first_of_a_sent_and_a_given_answer_counts(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    asked(trader, context)
    server.callback = lambda question, given: respond(context, AGENCY, question["question"], json.dumps(given).encode())
    server.mode = "early"
    work(context)
    assert outcomes(context) == ["inspect"]
    assert rows(context, f"SELECT lane FROM assessment WHERE agency = '{AGENCY}'") == [("red",)]
    assert kinds(context).count("contradicted") == 1


def test_an_answer_that_comes_back_after_the_deadline_is_kept_as_late(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    asked(trader, context)

    def let_the_deadline_pass(*_: object) -> None:
        change(context, "UPDATE outbox SET deadline_at = 0")
        dispatch.answer_for_silence(context)

    server.mode, server.callback = "early", let_the_deadline_pass
    (batch,) = dispatch.make_batches(context)
    assert assess_batches(context, batch.id) == 0
    assert outcomes(context) == ["inspect"]
    assert rows(context, f"SELECT answer FROM assessment WHERE agency = '{AGENCY}'") == [("silent",)]
    assert rows(context, "SELECT count(*) FROM late_assessment") == [(1,)]
    assert kinds(context).count("late") == 1


def test_the_same_answer_twice_gets_the_identical_receipt(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    agency = callers.agency(AGENCY)
    first = answer(agency, question)
    again = answer(agency, question, b' {"controls": [], "lane" : "green"} ')
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.data == again.data
    assert kinds(context).count("assessed") == 1


def test_an_answer_given_when_asked_and_sent_again_gets_a_receipt(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "green"
    _, question = asked(trader, context)
    work(context)
    receipt = body_of(answer(callers.agency(AGENCY), question))
    assert not receipt["late"]


def test_another_answer_is_a_conflict_that_is_noted_once_and_changes_nothing(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn, question = asked(trader, context)
    work(context)
    agency = callers.agency(AGENCY)
    answer(agency, question)
    for _ in range(3):
        refused = answer(agency, question, OTHER_BODY)
        assert problem(refused) == (409, "VERDICT_CONFLICT")
        assert body_of(refused)["mrn"] == mrn
        assert "which counts" in body_of(refused)["detail"]
    assert kinds(context).count("contradicted") == 1
    assert outcomes(context) == ["release"]
    assert answer(agency, question).status_code == 200


def test_a_noisy_agency_uses_up_no_other_agency_s_notes(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = str(body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"])
    ((version_id,),) = rows(context, "SELECT id FROM version")
    work(context)
    agency, question = callers.agency(AGENCY), question_name(version_id)
    for score in range(MOST_CONTRADICTIONS + 6):
        answer(agency, question, json.dumps({"lane": "green", "score": score}).encode())
    assert kinds(context).count("contradicted") == MOST_CONTRADICTIONS
    for lane in (Lane.RED, Lane.ORANGE, Lane.RED):
        other = Assessment(agency="firearms", answer=Answer.ASSESSED, lane=lane, score=99)
        with context.engine.begin() as connection:
            (version,) = declarations.lock_versions(connection, [version_id])
            assert reconcile(connection, Given("firearms", version, other, 0)) == Contradiction(mrn, ANY, late=False)
    noted = rows(context, "SELECT actor, count(*) FROM event WHERE kind = 'contradicted' GROUP BY actor ORDER BY actor")
    assert noted == [("agency:customs", MOST_CONTRADICTIONS), ("agency:firearms", 2)]


def test_a_late_answer_is_kept_once_and_changes_no_decision(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    work(context)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    before = rows(context, "SELECT * FROM decision")
    agency = callers.agency(AGENCY)
    first, again = answer(agency, question), answer(agency, question)
    assert (first.status_code, body_of(first)["late"]) == (200, True)
    assert first.data == again.data
    assert rows(context, "SELECT * FROM decision") == before
    assert rows(context, f"SELECT answer FROM assessment WHERE agency = '{AGENCY}'") == [("silent",)]
    assert rows(context, "SELECT count(*) FROM late_assessment") == [(1,)]
    assert kinds(context).count("late") == 1


def test_a_second_late_answer_that_differs_is_a_conflict(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    agency = callers.agency(AGENCY)
    answer(agency, question)
    refused = answer(agency, question, OTHER_BODY)
    assert problem(refused) == (409, "VERDICT_CONFLICT")
    assert "Neither counts" in body_of(refused)["detail"]
    assert kinds(context).count("contradicted") == 1


def test_the_auditor_reads_of_late_and_contradictory_answers_and_the_trader_does_not(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn, question = asked(trader, context)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    agency = callers.agency(AGENCY)
    answer(agency, question)
    answer(agency, question, OTHER_BODY)
    audited = [entry["text"] for entry in body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))["timeline"]]
    own = [entry["text"] for entry in body_of(trader.get(f"/v1/declarations/{mrn}"))["timeline"]]
    assert [text for text in audited if "after the question was closed" in text or "sent a different answer" in text]
    assert not [text for text in own if "closed" in text or "another answer" in text]


def test_what_is_not_the_agency_s_own_question_does_not_exist(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    customs, firearms = callers.agency(AGENCY), callers.agency("firearms")
    attempts = [
        (customs, "0000000000ABC", AGENCY), (customs, question.lower(), AGENCY), (customs, "1", AGENCY),
        (customs, "Z" * 13, AGENCY), (customs, question, "firearms"), (customs, question, "unknown"),
        (firearms, question, AGENCY), (firearms, question, "firearms"),
    ]  # fmt: skip
    answered = []
    for caller, identifier, code in attempts:
        refused = answer(caller, identifier, agency=code)
        refused.headers.pop("X-Trace-Id")
        body = body_of(refused)
        body.pop("trace_id")
        answered.append((refused.status_code, body, dict(refused.headers) | {"Content-Length": ""}))
    assert answered[0][0] == 404
    assert answered == [answered[0]] * len(attempts)
    assert rows(context, "SELECT count(*) FROM assessment") == [(0,)]


@pytest.mark.parametrize("role", ["trader", "auditor", "operator"])
def test_nobody_but_an_agency_may_answer(
    trader: Caller, callers: Callers, context: ClearanceContext, role: str
) -> None:
    _, question = asked(trader, context)
    assert problem(answer(getattr(callers, role)(), question)) == (403, "FORBIDDEN")


def test_an_agency_that_is_asked_in_process_cannot_answer_from_outside(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    trader.lodge(tree("LRN1", "93020000"))
    ((version_id,),) = rows(context, "SELECT version_id FROM outbox WHERE agency = 'firearms'")
    refused = answer(callers.agency("firearms"), question_name(version_id), agency="firearms")
    assert problem(refused) == (404, "NOT_FOUND")


UNREADABLE = {
    "deep": (400, "JSON_TOO_MANY_MEMBERS"), "nested": (400, "JSON_TOO_DEEP"), "nan": (400, "JSON_NUMBER_INVALID"),
    "html": (400, "JSON_MALFORMED"), "html as json": (400, "JSON_MALFORMED"), "truncated": (400, "JSON_MALFORMED"),
    "twice the same member": (400, "JSON_DUPLICATE_KEY"), "not utf-8": (415, "ENCODING_NOT_UTF8"),
    "utf-16": (415, "ENCODING_NOT_UTF8"), "byte order mark": (415, "ENCODING_NOT_UTF8"), "empty": (400, "EMPTY_BODY"),
}  # fmt: skip


def test_an_answer_that_does_not_fit_is_refused_and_leaves_nothing(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    agency = callers.agency(AGENCY)
    for name, (_, content) in GARBAGE.items():
        if name == "other charset":
            continue
        refused = answer(agency, question, content)
        assert (name, problem(refused)) == (name, UNREADABLE.get(name, (422, "SCHEMA_INVALID")))
        assert len(refused.data) < 1_000
    charset = agency.call("POST", f"/v1/agencies/{AGENCY}/assessments/{question}", data=GREEN_BODY,
                          content_type="application/json; charset=iso-8859-1")  # fmt: skip
    assert problem(charset) == (415, "ENCODING_NOT_UTF8")
    assert problem(answer(agency, question, b" " * 64_001)) == (413, "PAYLOAD_TOO_LARGE")
    assert rows(context, "SELECT count(*) FROM assessment") == [(0,)]
    assert answer(agency, question).status_code == 200


def test_an_agency_that_only_fails_is_parked_and_its_deadline_decides(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "500"
    asked(trader, context)
    for _ in range(5):
        work(context)
        change(context, "UPDATE outbox SET due_at = 0")
    assert server.calls == 3
    assert rows(context, "SELECT attempts, parked FROM outbox") == [(3, True)]
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    assert outcomes(context) == ["inspect"]


def test_a_pause_the_agency_asks_for_costs_no_attempt(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "busy"
    for number in range(6):
        asked(trader, context, f"LRN{number}")
    work(context)
    assert server.calls <= 4
    assert set(rows(context, "SELECT attempts, parked, batch_id FROM outbox")) == {(0, False, None)}
    ((waits,),) = rows(context, "SELECT count(*) FROM outbox WHERE due_at > asked_at + 5000000")
    assert waits == 6


def test_an_open_breaker_costs_no_attempt(trader: Caller, context: ClearanceContext, server: AgencyServer) -> None:
    server.mode = "500"
    for number in range(12):
        asked(trader, context, f"LRN{number}")
    work(context)
    calls = server.calls
    assert 5 <= calls <= 8
    assert sum(tries for (tries,) in rows(context, "SELECT attempts FROM outbox")) == calls


def test_a_remote_agency_has_small_batches_one_at_a_time_in_a_queue_of_its_own(
    trader: Caller, context: ClearanceContext
) -> None:
    for number in range(10):
        asked(trader, context, f"LRN{number}")
    (batch,) = dispatch.make_batches(context)
    assert queue_of(context, batch.agency) == ASSESS_REMOTE
    assert queue_of(context, "firearms") == ASSESS
    assert rows(context, "SELECT count(*) FROM outbox WHERE batch_id IS NOT NULL") == [(4,)]
    assert dispatch.make_batches(context) == []


def test_a_hanging_agency_holds_its_worker_no_longer_than_the_time_limit(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "hang"
    hasty = over_http(context, server.url, timeout_seconds=2.0)  # a busy machine may take a second to begin four calls
    for number in range(4):
        asked(trader, context, f"LRN{number}")
    (batch,) = dispatch.make_batches(hasty)
    began = time.monotonic()
    assess_batches(hasty, batch.id)
    assert time.monotonic() - began < 3 * 2.0
    assert server.most_at_once == 4


def test_a_call_that_outlasts_the_lease_keeps_it(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    short = replace(context, settings=msgspec.structs.replace(context.settings, sw_lease_seconds=0.6))
    slow = over_http(short, server.url, timeout_seconds=2.0)
    server.mode = "hang"
    asked(trader, context)
    (batch,) = dispatch.make_batches(slow)
    worker = threading.Thread(target=assess_batches, args=(slow, batch.id))
    worker.start()
    taken_back = 0
    while worker.is_alive():
        taken_back += dispatch.take_back(slow)
        time.sleep(0.1)
    worker.join()
    assert taken_back == 0
    assert rows(context, "SELECT attempts, failure FROM outbox") == [(1, "no full answer within 2 seconds")]


def test_a_lease_that_is_lost_is_not_renewed(
    trader: Caller, context: ClearanceContext, caplog: pytest.LogCaptureFixture
) -> None:
    short = replace(context, settings=msgspec.structs.replace(context.settings, sw_lease_seconds=0.3))
    asked(trader, context)
    (batch,) = dispatch.make_batches(short)
    with leases_renewed(short, [batch.id]):
        change(context, "UPDATE batch SET lease_until = 0")
        assert dispatch.take_back(short) == 1
        time.sleep(0.3)
    assert "lease_lost" in caplog.text
    assert rows(context, "SELECT count(*) FROM batch") == [(0,)]


def test_an_answer_a_deadline_and_a_worker_at_once_make_one_answer_and_one_decision(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    """Each round: the agency sends red while a worker brings green and the deadline passes, all at one moment."""
    server.mode = "green"
    start = threading.Barrier(4)
    sent: list[Receipt | Contradiction | None] = []

    def together(*work_to_do: Any) -> None:
        start.wait()
        work_to_do[0](*work_to_do[1:])

    def send(question: str, content: bytes) -> None:
        sent.append(respond(context, AGENCY, question, content))

    with ThreadPoolExecutor(4) as pool:
        for number in range(RACE_ROUNDS):
            _, question = asked(trader, context, f"LRN{number}")
            (batch,) = dispatch.make_batches(context)
            change(context, f"UPDATE outbox SET deadline_at = 0 WHERE version_id = {version_of(question)}")
            done = [
                pool.submit(together, send, question, OTHER_BODY),
                pool.submit(together, send, question, GREEN_BODY),
                pool.submit(together, assess_batches, context, batch.id),
                pool.submit(together, dispatch.answer_for_silence, context),
            ]
            for entry in done:
                entry.result()
    assert_each_once(context, RACE_ROUNDS)
    assert len(sent) == 2 * RACE_ROUNDS
    assert None not in sent


def assert_each_once(context: ClearanceContext, lodged: int) -> None:
    counts: Mapping[str, str] = {
        "assessments": "SELECT count(*) FROM assessment",
        "decisions": "SELECT count(*) FROM decision",
        "decided": "SELECT count(*) FROM event WHERE kind = 'decided'",
        "answered": "SELECT count(*) FROM event WHERE kind IN ('assessed', 'unanswered')",
        "told": "SELECT count(*) FROM notice WHERE function_code <> '01'",
        "closed": "SELECT count(*) FROM version WHERE decided_at IS NOT NULL",
    }
    assert {name: rows(context, query)[0][0] for name, query in counts.items()} == dict.fromkeys(counts, lodged)
    assert rows(context, "SELECT count(*) FROM outbox") == [(0,)]
    assert rows(context, "SELECT count(*) FROM batch") == [(0,)]
    untrue = """SELECT count(*) FROM decision d JOIN assessment a ON a.version_id = d.version_id
                WHERE (d.outcome = 'release') <> (a.answer = 'assessed' AND a.lane = 'green')"""
    assert rows(context, untrue) == [(0,)]


def measured(context: ClearanceContext, interval: str) -> tuple[int, int, dict[str, int]]:
    """How many of customs' questions are measured, open, and excluded for which reason."""
    groups = report_release_times(context.engine, Study(by=By.AGENCY))["groups"]
    (group,) = [group for group in groups if group["key"] == AGENCY]
    (row,) = [row for row in group["rows"] if row["interval"] == interval]
    return row["statistics"]["n"], row["open"], row["excluded"]


def moments(context: ClearanceContext) -> tuple[int, int | None, int]:
    """When customs' one question was put, handed over and closed: the row, which its event must repeat."""
    ((asked_at, dispatched_at, answered_at),) = rows(
        context, f"SELECT asked_at, dispatched_at, answered_at FROM assessment WHERE agency = '{AGENCY}'"
    )
    told = [json.loads(bytes(detail)) for (detail,) in rows(
        context, "SELECT detail FROM event WHERE kind IN ('assessed', 'unanswered')")]  # fmt: skip
    (own,) = [detail for detail in told if detail["agency"] == AGENCY]
    assert (own["asked_at"], own["dispatched_at"]) == (asked_at, dispatched_at)
    return asked_at, dispatched_at, answered_at


def test_the_time_of_an_agency_that_takes_the_question_and_answers_later_is_measured(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    work(context)
    assert measured(context, "dispatch_to_answer") == (0, 1, {})
    time.sleep(0.05)
    answer(callers.agency(AGENCY), question)
    asked_at, dispatched_at, answered_at = moments(context)
    assert dispatched_at is not None
    assert asked_at <= dispatched_at <= answered_at - 50_000
    assert measured(context, "dispatch_to_answer") == measured(context, "lodgement_to_dispatch") == (1, 0, {})


def test_an_answer_that_comes_while_we_still_ask_is_measured_from_that_dispatch(
    trader: Caller, context: ClearanceContext, server: AgencyServer
) -> None:
    asked(trader, context)
    server.callback = lambda question, given: respond(context, AGENCY, question["question"], json.dumps(given).encode())
    server.mode = "later"
    (batch,) = dispatch.make_batches(context)
    ((created_at,),) = rows(context, f"SELECT created_at FROM batch WHERE id = {batch.id}")
    assess_batches(context, batch.id)
    wait_for_calls_to_end(server)
    assert moments(context)[1] == created_at
    assert measured(context, "dispatch_to_answer") == (1, 0, {})


def test_an_answer_to_a_dispatch_that_failed_is_measured_from_it(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "500"
    _, question = asked(trader, context)
    (batch,) = dispatch.make_batches(context)
    ((created_at,),) = rows(context, f"SELECT created_at FROM batch WHERE id = {batch.id}")
    assess_batches(context, batch.id)
    answer(callers.agency(AGENCY), question)
    assert moments(context)[1] == created_at
    assert measured(context, "dispatch_to_answer") == (1, 0, {})


def test_an_answer_after_a_worker_was_lost_is_measured_from_its_batch(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    _, question = asked(trader, context)
    (batch,) = dispatch.make_batches(context)
    ((created_at,),) = rows(context, f"SELECT created_at FROM batch WHERE id = {batch.id}")
    change(context, "UPDATE batch SET claimed = TRUE, lease_until = 0")
    dispatch.take_back(context)
    answer(callers.agency(AGENCY), question)
    assert moments(context)[1] == created_at


@pytest.mark.parametrize("batched", [False, True])
def test_an_answer_that_nobody_asked_for_has_no_dispatch(
    trader: Caller, callers: Callers, context: ClearanceContext, batched: bool
) -> None:
    _, question = asked(trader, context)
    if batched:  # and no worker has it in hand yet
        dispatch.make_batches(context)
    answer(callers.agency(AGENCY), question)
    assert moments(context)[1] is None
    assert measured(context, "dispatch_to_answer") == (0, 0, {"no dispatch is recorded": 1})
    assert measured(context, "question_to_answer") == (1, 0, {})


def test_a_question_that_was_only_held_back_was_not_dispatched(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    server.mode = "busy"
    _, question = asked(trader, context)
    work(context)
    answer(callers.agency(AGENCY), question)
    assert moments(context)[1] is None


@pytest.mark.parametrize(("handed_over", "missing"), [(True, {}), (False, {"no dispatch is recorded": 1})])
def test_a_question_closed_by_its_deadline_says_whether_it_was_handed_over(
    trader: Caller, callers: Callers, context: ClearanceContext, handed_over: bool, missing: dict[str, int]
) -> None:
    _, question = asked(trader, context)
    if handed_over:
        work(context)
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    answer(callers.agency(AGENCY), question)  # too late: it is kept, and closes nothing
    assert (moments(context)[1] is not None) == handed_over
    assert measured(context, "lodgement_to_dispatch") == (1 if handed_over else 0, 0, missing)
    closed = "closed by its deadline, without the agency's answer"
    assert measured(context, "dispatch_to_answer") == (0, 0, {closed: 1})


def test_a_cut_off_is_kept_whatever_is_recorded_later(
    trader: Caller, callers: Callers, context: ClearanceContext, server: AgencyServer
) -> None:
    """Open, answered, silent and decided cases: the report made at the cut-off is derived again when all has ended."""
    questions = [asked(trader, context, f"LRN{number}")[1] for number in range(3)]
    work(context)
    answer(callers.agency(AGENCY), questions[0])
    ((cut_off,),) = rows(context, "SELECT max(answered_at) FROM assessment")
    study = Study(cut_off=cut_off)
    first = report_release_times(context.engine, study)
    assert (first["total"]["cases"], first["total"]["open_cases"]) == (3, 2)
    answer(callers.agency(AGENCY), questions[1])
    change(context, "UPDATE outbox SET deadline_at = 0")
    dispatch.answer_for_silence(context)
    answer(callers.agency(AGENCY), questions[2])
    asked(trader, context, "LATER")
    work(context)
    assert report_release_times(context.engine, study) == first
    assert report_release_times(context.engine, Study())["fingerprint"] != first["fingerprint"]
