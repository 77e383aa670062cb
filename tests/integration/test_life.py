"""A declaration's life on both databases: lodged in advance, arrived, cancelled, lapsed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.life_cycle.deadlines import DAY
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import iso
from tests.integration.conftest import ON_ONE_ENGINE, Caller, Callers, body_of, problem, work
from tests.integration.documents import JSON_TYPE, PISTOLS, tree
from tests.integration.record import change, rows

CONTAINER = "MSCU1234566"


@pytest.fixture
def in_advance(trader: Caller) -> str:
    """An import of hand tools in a sealed container, lodged before arrival: its MRN."""
    return lodge_in_advance(trader)


def lodge_in_advance(trader: Caller, lrn: str = "LRN1", kind: str = "IMD", **document: Any) -> str:
    declared = tree(lrn=lrn, **document)
    consignment = {
        "ContainerCode": "1",
        "TransportEquipment": [
            {"SequenceNumeric": "1", "ID": CONTAINER, "Seal": [{"SequenceNumeric": "1", "ID": "SEAL-1"}]}
        ],
    }
    declared["GoodsShipment"]["Consignment"] |= consignment
    declared["TypeCode"] = kind
    receipt = trader.lodge(declared)
    assert receipt.status_code == 202, receipt.data
    return str(body_of(receipt)["mrn"])


def send(trader: Caller, mrn: str, what: str, body: dict[str, Any], **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = json.dumps(body).encode()
    return trader.call("POST", f"/v1/declarations/{mrn}/{what}", data=content, content_type=JSON_TYPE, headers=named)


def arrived(context: ClearanceContext, **seen: Any) -> dict[str, Any]:
    with reading(context.engine) as connection:
        return {"happened_at": iso(clock(connection) - 1_000_000), "place": "LND", **seen}


def state_of(trader: Caller, mrn: str) -> str:
    return str(body_of(trader.get(f"/v1/declarations/{mrn}"))["state"])


def codes(trader: Caller) -> list[str]:
    return [each["function_code"] for each in body_of(trader.get("/v1/notices"))["notices"]]


def pass_days(context: ClearanceContext, days: float) -> None:
    """Everything about declarations was due this much earlier."""
    earlier = int(days * DAY)
    change(context, f"UPDATE version SET due_at = due_at - {earlier}, state_until = state_until - {earlier}")


def test_goods_lodged_in_advance_are_released_on_arrival(
    trader: Caller, context: ClearanceContext, in_advance: str
) -> None:
    assert state_of(trader, in_advance) == "registered"
    work(context)
    assert state_of(trader, in_advance) == "released-on-arrival"
    assert codes(trader) == ["02", "02"]
    receipt = send(trader, in_advance, "arrival", arrived(context))
    assert (receipt.status_code, body_of(receipt)["state"]) == (200, "released")
    assert codes(trader) == ["02", "02", "01", "08"]


def test_goods_that_arrive_before_the_decision_are_presented_and_decided(
    trader: Caller, context: ClearanceContext, in_advance: str
) -> None:
    assert body_of(send(trader, in_advance, "arrival", arrived(context)))["state"] == "presented"
    work(context)
    assert state_of(trader, in_advance) == "released"
    assert codes(trader) == ["02", "01", "08"]


def test_a_seal_that_is_not_as_declared_speaks_against_release_on_arrival(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    work(context)
    seen = arrived(context, containers=[{"id": CONTAINER, "seals": ["SEAL-2"]}])
    receipt = body_of(send(trader, in_advance, "arrival", seen))
    assert receipt["differences"] == [
        f"Seal SEAL1 of container {CONTAINER} is declared but was not seen.",
        f"Seal SEAL2 of container {CONTAINER} was seen but is not declared.",
    ]
    assert state_of(trader, in_advance) == "inspection-ordered"
    decision = body_of(trader.get(f"/v1/declarations/{in_advance}/decision"))
    assert (decision["number"], decision["outcome"], decision["controls"]) == (2, "inspect", ["physical"])
    assert codes(trader) == ["02", "02", "01", "05"]
    feed = body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"]
    assert [entry["kind"] for entry in feed] == ["asked", "decided", "arrived", "decided"]


def test_the_same_arrival_again_gets_the_first_receipt_and_what_is_seen_later_is_recorded(
    trader: Caller, context: ClearanceContext, in_advance: str
) -> None:
    report = arrived(context)
    first, again = (send(trader, in_advance, "arrival", report) for _ in range(2))
    assert body_of(first) == body_of(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert problem(send(trader, in_advance, "arrival", report | {"place": "DVR"})) == (409, "NOT_POSSIBLE")
    other = report | {"containers": [{"id": CONTAINER}]}
    receipts = [send(trader, in_advance, "arrival", other) for _ in range(2)]
    assert [(each.status_code, body_of(each)["differences"]) for each in receipts] == [(200, [])] * 2
    assert receipts[1].headers["Idempotent-Replayed"] == "true"
    work(context)
    assert codes(trader) == ["02", "01", "08"]
    reported = rows(context, "SELECT kind FROM event WHERE kind IN ('arrived', 'reported') ORDER BY id")
    assert [kind for (kind,) in reported] == ["arrived", "reported"]


BROKEN = {"containers": [{"id": CONTAINER, "seals": ["SEAL-2"]}]}


@pytest.mark.parametrize("lodged", ["IMD", "IMA"])
def test_what_is_seen_after_a_first_report_counts_too(
    trader: Caller, context: ClearanceContext, lodged: str, in_advance: str
) -> None:
    mrn = in_advance if lodged == "IMD" else lodge_in_advance(trader, "PRESENT", "IMA")
    if lodged == "IMD":
        assert send(trader, mrn, "arrival", arrived(context)).status_code == 200
    receipt = body_of(send(trader, mrn, "arrival", arrived(context, **BROKEN)))
    assert (receipt["state"], len(receipt["differences"])) == ("under-review", 2)
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"


def test_what_is_seen_after_the_release_is_followed_up_on_paper(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    work(context)
    assert body_of(send(trader, in_advance, "arrival", arrived(context)))["state"] == "released"
    receipt = body_of(send(trader, in_advance, "arrival", arrived(context, **BROKEN)))
    assert receipt["state"] == "under-assessment"
    assert state_of(trader, in_advance) == "documents-asked-after-release"
    steps = body_of(callers.auditor().get(f"/v1/declarations/{in_advance}"))["timeline"]
    assert any("A further report of the goods; not as declared: Seal" in step["text"] for step in steps)


def test_goods_that_left_before_the_lodgement_are_not_reported(trader: Caller, context: ClearanceContext) -> None:
    declared = tree("LATER", TypeCode="IMZ")
    declared["AcceptanceDateTime"] = {"DateTimeString": {"@formatCode": "102", "#text": "20260601"}}
    mrn = body_of(trader.lodge(declared))["mrn"]
    for seen in ({}, BROKEN):
        answer = send(trader, mrn, "arrival", arrived(context, **seen))
        assert problem(answer) == (409, "NOT_POSSIBLE")
        assert "lodged after the release" in body_of(answer)["detail"]


def test_what_was_found_after_the_release_is_not_amended_or_cancelled_away(
    trader: Caller, context: ClearanceContext, in_advance: str
) -> None:
    work(context)
    assert send(trader, in_advance, "arrival", arrived(context)).status_code == 200
    assert body_of(send(trader, in_advance, "arrival", arrived(context, **BROKEN)))["state"] == "under-assessment"
    cancelled = send(trader, in_advance, "cancellation", {"reason": "Lost"}, Idempotency_Key="c1")
    assert (cancelled.status_code, body_of(cancelled)["answer"]) == (202, "waiting")


def test_two_findings_at_the_border_both_count(trader: Caller, context: ClearanceContext, in_advance: str) -> None:
    assert send(trader, in_advance, "arrival", arrived(context, **BROKEN)).status_code == 200
    assert send(trader, in_advance, "arrival", arrived(context, containers=[])).status_code == 200
    work(context)
    reasons = body_of(trader.get(f"/v1/declarations/{in_advance}/decision"))["reasons"]
    assert any("Seal" in each for each in reasons)
    assert any("was not seen." in each and "Seal" not in each for each in reasons)


def test_what_is_seen_twice_is_decided_once(trader: Caller, context: ClearanceContext, in_advance: str) -> None:
    work(context)
    receipts = [body_of(send(trader, in_advance, "arrival", arrived(context, **BROKEN))) for _ in range(3)]
    assert [len(each["differences"]) for each in receipts] == [2, 2, 2]
    assert state_of(trader, in_advance) == "inspection-ordered"
    assert body_of(trader.get(f"/v1/declarations/{in_advance}/decision"))["number"] == 2
    assert codes(trader) == ["02", "02", "01", "05"]
    kinds = rows(context, "SELECT kind FROM event WHERE kind IN ('arrived', 'reported') ORDER BY id")
    assert [kind for (kind,) in kinds] == ["arrived", "reported", "reported"]


def test_a_container_that_a_report_names_twice_has_all_the_seals_that_were_seen(
    trader: Caller, context: ClearanceContext, in_advance: str
) -> None:
    twice = [{"id": CONTAINER, "seals": ["BROKEN-1"]}, {"id": CONTAINER, "seals": ["SEAL-1"]}]
    receipt = body_of(send(trader, in_advance, "arrival", arrived(context, containers=twice)))
    assert receipt["differences"] == [f"Seal BROKEN1 of container {CONTAINER} was seen but is not declared."]


def test_what_was_seen_at_the_border_is_not_amended_away_at_once(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    assert send(trader, in_advance, "arrival", arrived(context, **BROKEN)).status_code == 200
    assert state_of(trader, in_advance) == "under-review"
    cancelled = send(trader, in_advance, "cancellation", {"reason": "Lost"}, Idempotency_Key="c1")
    assert (cancelled.status_code, body_of(cancelled)["answer"]) == (202, "waiting")
    assert rule(callers.agency("customs"), (in_advance, body_of(cancelled)["request"]), "refused").status_code == 200
    work(context)
    assert state_of(trader, in_advance) == "inspection-ordered"


def test_a_cancelled_declaration_is_decided_no_more(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    answer = send(trader, in_advance, "cancellation", {"reason": "Lodged twice"}, Idempotency_Key="c1", If_Match='"1"')
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted")
    assert work(context) == 0
    assert state_of(trader, in_advance) == "cancelled"
    assert codes(trader) == ["02", "02", "11", "10"]
    assert not rows(context, "SELECT 1 FROM decision")
    feed = body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"]
    assert [entry["kind"] for entry in feed] == ["asked", "ended"]


def test_the_same_cancellation_again_gets_the_first_answer(trader: Caller, in_advance: str) -> None:
    ask = {"reason": "Lodged twice"}
    first, again = (send(trader, in_advance, "cancellation", ask, Idempotency_Key="c1") for _ in range(2))
    assert body_of(first) == body_of(again)
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
    other = send(trader, in_advance, "cancellation", ask, Idempotency_Key="c2")
    assert problem(other) == (409, "NOT_POSSIBLE")
    assert (
        body_of(other)["detail"]
        == "The declaration is cancelled. It cannot be cancelled in this state. Nothing more can be done with it"
    )


def test_once_an_inspection_is_ordered_an_officer_must_agree_to_a_cancellation(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"]
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"
    answer = send(trader, mrn, "cancellation", {"reason": "Sold elsewhere"}, Idempotency_Key="c1")
    assert (answer.status_code, body_of(answer)["answer"]) == (202, "waiting")
    other = send(trader, mrn, "cancellation", {"reason": "Sold elsewhere"}, Idempotency_Key="c2")
    assert problem(other) == (409, "REQUEST_OPEN")
    assert "Your cancellation c1 has waited for an officer since" in body_of(other)["detail"]
    assert state_of(trader, mrn) == "inspection-ordered"


@pytest.mark.parametrize("words", ["", "   ", "\u00a0", "\u200b", "two\nlines", "x" * 513])
@ON_ONE_ENGINE
def test_words_that_say_nothing_are_refused_in_words(trader: Caller, in_advance: str, words: str) -> None:
    answer = send(trader, in_advance, "cancellation", {"reason": words})
    assert problem(answer) == (422, "SCHEMA_INVALID")
    assert "The text at `$.reason` is not allowed: it is blank or too long" in body_of(answer)["detail"]


def test_goods_leave_after_they_have_arrived(trader: Caller, context: ClearanceContext) -> None:
    mrn = lodge_in_advance(trader, "OUT", "EXD", Exporter={"ID": trader.party}, ExitOffice={"ID": "GB000060"})
    work(context)
    report = arrived(context)
    assert body_of(send(trader, mrn, "arrival", report))["state"] == "released"
    left = {"milestone": "exited", "happened_at": report["happened_at"]}
    early = send(trader, mrn, "milestones", left | {"happened_at": _earlier(report, 60)})
    assert problem(early) == (422, "MOMENT_UNLIKELY")
    assert body_of(send(trader, mrn, "milestones", left))["state"] == "exited"


def _earlier(report: dict[str, Any], seconds: int) -> str:
    return (datetime.fromisoformat(report["happened_at"]) - timedelta(seconds=seconds)).isoformat()


def test_a_request_about_another_version_is_refused(trader: Caller, in_advance: str) -> None:
    ask = send(trader, in_advance, "cancellation", {"reason": "Lodged twice"}, If_Match='"2"')
    assert problem(ask) == (412, "VERSION_CONFLICT")


def test_a_strangers_declaration_does_not_exist(callers: Callers, context: ClearanceContext, in_advance: str) -> None:
    stranger = callers.trader("GB999999999000")
    assert problem(send(stranger, in_advance, "cancellation", {"reason": "Mine"})) == (404, "NOT_FOUND")
    assert problem(send(stranger, in_advance, "arrival", arrived(context))) == (404, "NOT_FOUND")


def test_a_declaration_whose_goods_do_not_arrive_lapses_with_a_notice_before_and_after(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    work(context)
    assert pass_deadlines(context) == 0
    pass_days(context, 26)
    assert (pass_deadlines(context), pass_deadlines(context)) == (1, 0)
    assert state_of(trader, in_advance) == "released-on-arrival"
    pass_days(context, 5)
    assert (pass_deadlines(context), pass_deadlines(context)) == (1, 0)
    assert state_of(trader, in_advance) == "lapsed"
    assert codes(trader) == ["02", "02", "02", "10"]
    assert problem(send(trader, in_advance, "arrival", arrived(context))) == (409, "NOT_POSSIBLE")
    feed = body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"]
    assert [entry["kind"] for entry in feed] == ["asked", "decided", "ended"]


def test_an_inspection_that_nobody_records_is_spoken_of_again_and_again(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"]
    work(context)
    for _ in range(3):
        pass_days(context, 3.1)
        assert pass_deadlines(context) == 1
    steps = body_of(callers.auditor().get(f"/v1/declarations/{mrn}"))["timeline"]
    assert [step["kind"] for step in steps].count("overdue") == 3
    assert state_of(trader, mrn) == "inspection-ordered"
    feed = body_of(callers.agency("customs").get("/v1/agencies/customs/feed"))["entries"]
    assert [entry["kind"] for entry in feed] == ["asked", "decided", *["overdue"] * 3]


@pytest.fixture
def waiting(trader: Caller, context: ClearanceContext) -> tuple[str, str]:
    """A cancellation that waits for an officer: MRN and request."""
    mrn = str(body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"])
    work(context)
    answer = send(trader, mrn, "cancellation", {"reason": "Sold elsewhere"}, Idempotency_Key="c1")
    return mrn, str(body_of(answer)["request"])


def rule(caller: Caller, waiting: tuple[str, str], answer: str, code: str = "customs") -> Any:
    mrn, request = waiting
    content = json.dumps({"answer": answer, "words": "As you ask."}).encode()
    return caller.post(content, path=f"/v1/agencies/{code}/requests/{mrn}/{request}")


def test_an_officer_of_customs_grants_a_request(
    trader: Caller, callers: Callers, context: ClearanceContext, waiting: tuple[str, str]
) -> None:
    customs = callers.agency("customs")
    (listed,) = body_of(customs.get("/v1/agencies/customs/requests"))["requests"]
    assert (listed["mrn"], listed["request"], listed["reason"]) == (*waiting, "Sold elsewhere")
    assert body_of(rule(customs, waiting, "granted"))["answer"] == "granted"
    assert state_of(trader, waiting[0]) == "cancelled"
    assert codes(trader)[-3:] == ["02", "11", "10"]
    assert body_of(customs.get("/v1/agencies/customs/requests"))["requests"] == []
    same = send(trader, waiting[0], "cancellation", {"reason": "Sold elsewhere"}, Idempotency_Key="c1")
    assert (same.status_code, body_of(same)["answer"]) == (200, "granted")


def test_an_officer_refuses_a_request_and_says_why(trader: Caller, callers: Callers, waiting: tuple[str, str]) -> None:
    customs = callers.agency("customs")
    assert body_of(rule(customs, waiting, "refused"))["answer"] == "refused"
    assert rule(customs, waiting, "refused").headers["Idempotent-Replayed"] == "true"
    assert problem(rule(customs, waiting, "granted")) == (409, "REQUEST_ANSWERED")
    assert state_of(trader, waiting[0]) == "inspection-ordered"
    last = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert last["response"]["Status"] == [{"NameCode": "41"}]
    assert last["response"]["AdditionalInformation"][0]["StatementDescription"] == "As you ask."
    again = send(trader, waiting[0], "cancellation", {"reason": "Still not wanted"}, Idempotency_Key="c2")
    assert (again.status_code, body_of(again)["answer"]) == (202, "waiting")


def test_a_request_that_no_officer_answers_is_refused_in_the_end(
    trader: Caller, callers: Callers, context: ClearanceContext, waiting: tuple[str, str]
) -> None:
    customs = callers.agency("customs")
    (listed,) = body_of(customs.get("/v1/agencies/customs/requests"))["requests"]
    assert listed["due_at"] > listed["received_at"]
    change(context, f"UPDATE request SET due_at = due_at - {int(9.9 * DAY)}")
    assert (pass_deadlines(context), pass_deadlines(context)) == (1, 0), "the inspection is ordered, and that is all"
    change(context, f"UPDATE request SET due_at = due_at - {int(0.2 * DAY)}")
    assert (pass_deadlines(context), pass_deadlines(context)) == (1, 0)
    assert body_of(customs.get("/v1/agencies/customs/requests"))["requests"] == []
    last = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert (last["function_code"], last["response"]["Status"]) == ("11", [{"NameCode": "41"}])
    assert "No officer has answered" in last["response"]["AdditionalInformation"][0]["StatementDescription"]
    assert problem(rule(customs, waiting, "granted")) == (409, "REQUEST_ANSWERED")
    again = send(trader, waiting[0], "cancellation", {"reason": "Sold elsewhere"}, Idempotency_Key="c2")
    assert (again.status_code, body_of(again)["answer"]) == (202, "waiting")


def test_requests_are_there_for_customs_only(callers: Callers, waiting: tuple[str, str]) -> None:
    firearms = callers.agency("firearms")
    for code in ("customs", "firearms"):
        assert problem(firearms.get(f"/v1/agencies/{code}/requests")) == (404, "NOT_FOUND")
        assert problem(rule(firearms, waiting, "granted", code)) == (404, "NOT_FOUND")


def test_a_carrier_reports_the_arrival_of_what_names_it(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader, Consignment={"Carrier": {"ID": "GB555555555000"}})
    report = arrived(context)
    assert problem(send(callers.carrier("GB666666666000"), mrn, "arrival", report)) == (404, "NOT_FOUND")
    receipt = send(callers.carrier("GB555555555000"), mrn, "arrival", report)
    assert (receipt.status_code, state_of(trader, mrn)) == (200, "presented")
    assert problem(callers.carrier("GB555555555000").get(f"/v1/declarations/{mrn}")) == (403, "FORBIDDEN")


@pytest.mark.parametrize("happened_at", ["2999-01-01T00:00:00Z", "2020-01-01T00:00:00Z"])
def test_a_moment_in_the_future_or_long_ago_is_not_believed(
    trader: Caller, context: ClearanceContext, in_advance: str, happened_at: str
) -> None:
    report = {"happened_at": happened_at}
    assert problem(send(trader, in_advance, "arrival", report)) == (422, "MOMENT_UNLIKELY")
    milestone = report | {"milestone": "unloaded"}
    assert problem(send(trader, in_advance, "milestones", milestone)) == (422, "MOMENT_UNLIKELY")
    assert problem(send(trader, in_advance, "arrival", {"happened_at": "2026-11-29T12:00:00"})) == (
        422,
        "SCHEMA_INVALID",
    )


def test_milestones_are_events_with_both_times_and_a_correction_is_another(
    trader: Caller, callers: Callers, context: ClearanceContext, in_advance: str
) -> None:
    report = arrived(context) | {"milestone": "unloaded"}
    first, again = (send(trader, in_advance, "milestones", report) for _ in range(2))
    assert body_of(first) == body_of(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    corrected = send(trader, in_advance, "milestones", report | {"place": "DVR"})
    assert "Idempotent-Replayed" not in corrected.headers
    for back in (report, {**report, "place": ""}, report):
        assert "Idempotent-Replayed" not in send(trader, in_advance, "milestones", back).headers
    steps = body_of(callers.auditor().get(f"/v1/declarations/{in_advance}"))["timeline"]
    places = [step["detail"].get("place") for step in steps if step["kind"] == "milestone"]
    assert places == ["LND", "DVR", "LND", None, "LND"]


def test_an_export_leaves_when_it_is_released_and_not_before(trader: Caller, context: ClearanceContext) -> None:
    mrn = str(
        body_of(trader.lodge(tree(TypeCode="EXA", Exporter={"ID": trader.party}, ExitOffice={"ID": "GB000060"})))["mrn"]
    )
    left = arrived(context) | {"milestone": "exited"}
    assert problem(send(trader, mrn, "milestones", left)) == (409, "NOT_POSSIBLE")
    work(context)
    assert state_of(trader, mrn) == "released"
    assert body_of(send(trader, mrn, "milestones", left))["state"] == "exited"
    assert codes(trader) == ["01", "08", "16"]


@pytest.mark.parametrize("kind", ["IMA", "COA"])
def test_what_is_no_export_does_not_leave(trader: Caller, context: ClearanceContext, kind: str) -> None:
    lodged = trader.lodge(tree(TypeCode=kind))
    assert lodged.status_code == 202, lodged.data
    mrn = str(body_of(lodged)["mrn"])
    work(context)
    left = send(trader, mrn, "milestones", arrived(context) | {"milestone": "exited"})
    assert (*problem(left), "Only the goods of an export" in left.text) == (409, "NOT_POSSIBLE", True)
    assert codes(trader) == ["01", "08"]


def test_the_party_of_an_export_is_asked_once_for_the_result_of_the_exit(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = str(
        body_of(trader.lodge(tree(TypeCode="EXA", Exporter={"ID": trader.party}, ExitOffice={"ID": "GB000060"})))["mrn"]
    )
    work(context)
    pass_days(context, 151)
    assert (pass_deadlines(context), pass_deadlines(context)) == (1, 0)
    assert (state_of(trader, mrn), codes(trader)) == ("released", ["01", "08", "18"])
