"""Amendments after an inspection was ordered, on both databases: only what touches it needs an officer."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.registry import build_adapters
from singlewindow.clearance.context import ClearanceContext
from singlewindow.enquiries.reconciliation import compare_with_trail
from tests.integration.conftest import Caller, Callers, app_over, body_of, problem, work
from tests.integration.documents import PISTOLS, tree
from tests.integration.record import rows
from tests.integration.test_amending import put
from tests.integration.test_life import codes, rule, state_of
from tests.integration.test_officers import GREEN, RED, by_officers, post, take


def two_items(lrn: str = "LRN1", first: str = "Pistols", second: str = "Spanners", **changes: Any) -> dict[str, Any]:
    """Pistols, which are inspected, and hand tools, which are not."""
    declared = tree(lrn, commodity=PISTOLS, description=first, GoodsItemQuantity="2", TotalPackageQuantity="2")
    items = declared["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    other = copy.deepcopy(tree(description=second)["GoodsShipment"]["GovernmentAgencyGoodsItem"][0])
    items.append({**other, "SequenceNumeric": "2"})
    return declared | changes


@pytest.fixture
def mrn(trader: Caller, context: ClearanceContext) -> str:
    """Both lodged, and the inspection of the pistols ordered."""
    receipt = trader.lodge(two_items())
    assert receipt.status_code == 202, receipt.data
    work(context)
    found = str(body_of(receipt)["mrn"])
    assert state_of(trader, found) == "inspection-ordered"
    return found


def test_an_amendment_of_another_item_is_granted_at_once_and_the_inspection_stays_ordered(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    before = decision(trader, mrn)
    answer = put(trader, mrn, two_items(second="Pliers"))
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted")
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"
    assert codes(trader) == ["01", "05", "02", "11", "07", "05"]
    assert said(decision(trader, mrn)) == said(before)
    amended = json.loads(bytes(rows(context, "SELECT detail FROM event WHERE kind = 'amended'")[0][0]))
    assert (amended["asked"], "firearms" in amended["carried"]) == (["customs"], True)
    assert [words for _, found in compare_with_trail(context.engine) for words in found] == []


def decision(trader: Caller, mrn: str) -> Any:
    return body_of(trader.get(f"/v1/declarations/{mrn}/decision"))


def said(found: Any) -> Any:
    return found["outcome"], found["controls"], found["reasons"]


@pytest.mark.parametrize(
    "changes",
    [{"first": "Pistols and holsters"}, {"BorderTransportMeans": {"ModeCode": "4"}}],
    ids=["the item that is inspected", "the means of transport, which the agency sees that ordered it"],
)  # fmt: skip
def test_what_touches_the_inspection_waits_for_an_officer(
    trader: Caller, callers: Callers, mrn: str, changes: dict[str, Any]
) -> None:
    answer = put(trader, mrn, two_items(**changes))
    assert (answer.status_code, body_of(answer)["answer"]) == (202, "waiting")
    assert state_of(trader, mrn) == "inspection-ordered"
    assert problem(put(trader, mrn, two_items(second="Pliers"))) == (409, "REQUEST_OPEN")
    assert body_of(rule(callers.agency("customs"), (mrn, body_of(answer)["request"]), "granted"))["answer"] == "granted"


def test_a_milder_answer_about_the_new_version_ends_no_inspection(context: ClearanceContext) -> None:
    agencies = by_officers(by_officers(context.agencies), "customs")
    context = replace(context, agencies=agencies, adapters=build_adapters(agencies))
    callers = Callers(app_over(context), context)
    trader, officer, firearms = callers.trader(), callers.agency("customs"), callers.agency("firearms")
    mrn = str(body_of(trader.lodge(two_items()))["mrn"])
    answer_all(officer, "customs", RED)
    answer_all(firearms, "firearms", GREEN)
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"
    assert body_of(put(trader, mrn, two_items(second="Pliers")))["answer"] == "granted"
    answer_all(officer, "customs", GREEN)
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"
    assert decision(trader, mrn)["controls"] == ["physical"]
    assert "Item 1: Bring the licence." in decision(trader, mrn)["reasons"]
    again = put(trader, mrn, two_items(second="Saws"))
    assert body_of(again)["answer"] == "granted"
    assert state_of(trader, mrn) == "under-review"
    waiting = put(trader, mrn, two_items(first="Rifles", second="Saws"))
    assert (waiting.status_code, body_of(waiting)["answer"]) == (202, "waiting")


def answer_all(officer: Caller, code: str, answer: dict[str, Any]) -> None:
    path = f"/v1/agencies/{code}/questions"
    for each in body_of(officer.get(path))["questions"]:
        question = f"{path}/{each['question']}"
        assert take(officer, question).status_code == 200
        assert post(officer, f"{question}/answer", answer).status_code == 200


def test_once_ordered_an_inspection_is_not_shaken_off_by_an_amendment_beside_it(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    assert body_of(put(trader, mrn, two_items(second="Pliers")))["answer"] == "granted"
    assert state_of(trader, mrn) == "under-review"
    cancelled = trader.post(b'{"reason": "Sold"}', path=f"/v1/declarations/{mrn}/cancellation")
    assert (cancelled.status_code, body_of(cancelled)["answer"]) == (202, "waiting")
    assert problem(put(trader, mrn, two_items(first="Chairs", second="Pliers"))) == (409, "REQUEST_OPEN")
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"


def test_what_an_officer_has_granted_once_opens_no_way_past_the_officer(
    trader: Caller, callers: Callers, context: ClearanceContext, mrn: str
) -> None:
    waiting = body_of(put(trader, mrn, two_items(first="Pistols and holsters")))
    assert rule(callers.agency("customs"), (mrn, waiting["request"]), "granted").status_code == 200
    assert state_of(trader, mrn) == "under-review"
    again = put(trader, mrn, two_items(first="Chairs"))
    assert (again.status_code, body_of(again)["answer"]) == (202, "waiting")
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"


def test_several_amendments_beside_an_inspection_in_a_row_are_granted(
    trader: Caller, context: ClearanceContext, mrn: str
) -> None:
    for second in ("Pliers", "Saws", "Pliers"):
        assert body_of(put(trader, mrn, two_items(second=second)))["answer"] == "granted"
    touched = put(trader, mrn, two_items(first="Chairs", second="Pliers"))
    assert (touched.status_code, body_of(touched)["answer"]) == (202, "waiting")
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"


def test_an_officer_sees_what_a_request_would_change(trader: Caller, callers: Callers, mrn: str) -> None:
    changed = two_items(first="Pistols and holsters")
    content = json.dumps({"MetaData": {"WCODataModelVersionCode": "3.6", "Declaration": changed}}).encode()
    waiting = body_of(trader.call("PUT", f"/v1/declarations/{mrn}?reason=The+holsters+were+forgotten",
                                  data=content, content_type="application/json"))  # fmt: skip
    customs, path = callers.agency("customs"), f"/v1/agencies/customs/requests/{mrn}/{waiting['request']}"
    shown = body_of(customs.get(path))
    told = (shown["answer"], shown["request"]["reason"], shown["hidden"])
    assert told == ("waiting", "The holsters were forgotten", 0)
    assert shown["changes"] == [{
        "path": "Declaration/GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/Description",
        "before": "Pistols", "after": "Pistols and holsters",
    }]  # fmt: skip
    other = callers.agency("firearms")
    assert problem(other.get(path)) == (404, "NOT_FOUND")
    assert problem(other.get(path.replace("customs", "firearms"))) == (404, "NOT_FOUND")
    assert problem(customs.get(f"{path}0")) == (404, "NOT_FOUND")
    assert rule(customs, (mrn, waiting["request"]), "refused").status_code == 200
    assert body_of(customs.get(path))["changes"] == []
    again = trader.call("PUT", f"/v1/declarations/{mrn}", data=content, content_type="application/json")
    assert "An officer has refused this amendment before: As you ask." in body_of(again)["detail"]
