"""Amendments on both databases: every published one against its original, and who is asked again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.declarations.canonical import canonical_bytes, decode_canonical
from singlewindow.enquiries.reconciliation import compare_with_trail
from tests.corpus import needs_corpus
from tests.integration.conftest import Caller, Callers, body_of, problem, work
from tests.integration.documents import PISTOLS, XML_TYPE, as_json, tree
from tests.integration.record import change, rows
from tests.integration.test_life import arrived, codes, lodge_in_advance, rule, send, state_of
from tests.published_requests import AMENDMENTS, OTHERS, applied_by_hand, published, published_bytes


def lodge_published(callers: Callers, name: str) -> tuple[Caller, str]:
    """Lodge a published original as its declarant: caller and MRN."""
    declaration = published(name).declaration
    caller = callers.trader(declaration.declarant)
    receipt = caller.post(published_bytes(name, ""), XML_TYPE)
    assert receipt.status_code == 202, receipt.data
    return caller, str(body_of(receipt)["mrn"])


def newest(context: ClearanceContext) -> dict[str, Any]:
    (found,) = rows(context, "SELECT canonical FROM version ORDER BY number DESC LIMIT 1")
    return decode_canonical(bytes(found[0]))


@needs_corpus
@pytest.mark.parametrize("name", AMENDMENTS)
@pytest.mark.parametrize("decided", [False, True], ids=["undecided", "decided"])
def test_every_published_amendment_is_granted(
    callers: Callers, context: ClearanceContext, name: str, decided: bool
) -> None:
    original, _, _ = AMENDMENTS[name]
    caller, mrn = lodge_published(callers, original)
    if decided:
        work(context)
    before, state = codes(caller), state_of(caller, mrn)
    answer = caller.post(published_bytes(name, mrn), XML_TYPE)
    assert (answer.status_code, body_of(answer).get("answer")) == (200, "granted") or state in {
        "inspection-ordered", "released",
    }, answer.data  # fmt: skip
    if body_of(answer)["answer"] == "waiting":
        customs = callers.agency("customs")
        (listed,) = body_of(customs.get("/v1/agencies/customs/requests"))["requests"]
        assert body_of(rule(customs, (mrn, listed["request"]), "granted"))["answer"] == "granted"
    assert codes(caller)[len(before) :][:3] == ["02", "11", "07"]
    expected = applied_by_hand(
        decode_canonical(canonical_bytes(published(original).declaration)),
        decode_canonical(canonical_bytes(published(name).declaration)),
    )
    assert newest(context) == expected
    work(context)
    assert [words for _, found in compare_with_trail(context.engine) for words in found] == []
    again = caller.post(published_bytes(name, mrn), XML_TYPE)
    assert again.headers["Idempotent-Replayed"] == "true"


@needs_corpus
@pytest.mark.parametrize("name", OTHERS)
def test_every_published_cancellation_and_arrival_is_granted(
    callers: Callers, context: ClearanceContext, name: str
) -> None:
    kind, original = OTHERS[name]
    caller, mrn = lodge_published(callers, original)
    answer = caller.post(published_bytes(name, mrn), XML_TYPE)
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted"), answer.data
    expected = {"INV": (["02", "11", "10"], "cancelled"), "GPR": (["01"], "presented")}[kind]
    assert (codes(caller)[1:], state_of(caller, mrn)) == expected
    work(context)
    pass_deadlines(context)  # an inspection may be ordered
    assert pass_deadlines(context) == 0


def put(caller: Caller, mrn: str, declaration: dict[str, Any], **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = as_json(declaration)
    return caller.call("PUT", f"/v1/declarations/{mrn}", data=content, content_type="application/json", headers=named)


def test_only_agencies_whose_view_has_changed_are_asked_again(trader: Caller, context: ClearanceContext) -> None:
    mrn = str(body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"])
    work(context)
    answer = put(trader, mrn, tree(commodity=PISTOLS, InvoiceAmount={"@currencyID": "GBP", "#text": "100"}))
    assert body_of(answer)["answer"] == "granted", "the agency that ordered the inspection does not see the amount"
    ((detail,),) = rows(context, "SELECT detail FROM event WHERE kind = 'amended'")
    amended = json.loads(bytes(detail))
    assert amended["asked"] == ["customs"]
    assert "firearms" in amended["carried"]
    assert {agency for (agency,) in rows(context, "SELECT agency FROM outbox")} == {"customs"}
    work(context)
    assert state_of(trader, mrn) == "inspection-ordered"


def test_an_amendment_before_any_answer_asks_everybody_about_the_new_version(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    answer = put(trader, mrn, tree(description="Pliers"), If_Match='"1"')
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted"), answer.data
    versions = rows(context, "SELECT number, decided_at IS NULL FROM version ORDER BY number")
    assert [(number, bool(is_open)) for number, is_open in versions] == [(1, False), (2, True)]
    work(context)
    assert rows(context, "SELECT count(*) FROM decision")[0][0] == 1
    assert (state_of(trader, mrn), body_of(trader.get(f"/v1/declarations/{mrn}"))["version"]) == ("released", 2)
    assert codes(trader) == ["01", "02", "11", "07", "08"]
    stale = put(trader, mrn, tree(description="Saws"), If_Match='"1"')
    assert problem(stale) == (412, "VERSION_CONFLICT")


def test_the_original_sent_again_after_an_amendment_gets_its_first_receipt(
    trader: Caller, context: ClearanceContext
) -> None:
    first = trader.lodge(tree())
    mrn = str(body_of(first)["mrn"])
    assert put(trader, mrn, tree(description="Pliers")).status_code == 200
    again = trader.lodge(tree())
    assert (again.status_code, body_of(again)["version"], again.headers["Idempotent-Replayed"]) == (202, 1, "true")
    assert problem(trader.lodge(tree(description="Pliers"))) == (409, "DUPLICATE_LRN")


def test_what_was_amended_away_can_be_amended_back(trader: Caller, context: ClearanceContext) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    for number, description in enumerate(["Pliers", "Saws", "Pliers"], start=2):
        answer = put(trader, mrn, tree(description=description))
        assert (answer.status_code, body_of(trader.get(f"/v1/declarations/{mrn}"))["version"]) == (200, number)
        again = put(trader, mrn, tree(description=description))
        assert (again.headers.get("Idempotent-Replayed"), body_of(again)) == ("true", body_of(answer))
    document = body_of(trader.get(f"/v1/declarations/{mrn}/document"))
    document = document.get("Declaration", document)
    (item,) = document["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    assert item["Commodity"]["Description"] == "Pliers"
    assert rows(context, "SELECT count(*) FROM request") == [(3,)]


def test_under_a_key_of_its_own_a_request_gets_its_first_answer_for_ever(trader: Caller) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    first = put(trader, mrn, tree(description="Pliers"), Idempotency_Key="k1")
    assert put(trader, mrn, tree(description="Saws"), Idempotency_Key="k2").status_code == 200
    again = put(trader, mrn, tree(description="Pliers"), Idempotency_Key="k1")
    assert (again.headers.get("Idempotent-Replayed"), body_of(again)) == ("true", body_of(first))
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["version"] == 3


def test_what_was_refused_can_be_asked_again_where_no_key_says_that_it_is_the_same(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    work(context)
    change(context, "UPDATE version SET state = 'under-inspection'")
    for _ in range(2):
        assert problem(put(trader, mrn, tree(description="Pliers"))) == (409, "NOT_POSSIBLE")
    change(context, "UPDATE version SET state = 'documents-asked'")
    assert put(trader, mrn, tree(description="Pliers")).status_code == 200


def test_an_amended_declaration_must_be_right_and_its_reference_stays(trader: Caller) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    wrong = put(trader, mrn, tree(GoodsItemQuantity="7"))
    assert wrong.status_code == 422
    other = put(trader, mrn, tree(lrn="OTHER"))
    assert problem(other)[0] == 422
    assert "FunctionalReferenceID" in body_of(other)["faults"][0]["xpath"]
    assert state_of(trader, mrn) == "presented"


def test_an_amendment_of_seals_is_compared_with_what_was_seen(trader: Caller, context: ClearanceContext) -> None:
    mrn = lodge_in_advance(trader)
    work(context)
    send(trader, mrn, "arrival", arrived(context, containers=[{"id": "MSCU1234566", "seals": ["SEAL-2"]}]))
    assert state_of(trader, mrn) == "inspection-ordered"


def test_the_notice_of_an_amendment_points_at_what_changed(trader: Caller, context: ClearanceContext) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    put(trader, mrn, tree(description="Pliers"))
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert (notice["function_code"], notice["version"]) == ("07", 2)
    sections = [step["DocumentSectionCode"] for step in notice["response"]["Amendment"][0]["Pointer"]]
    assert sections == ["42A", "67A", "68A", "23A"]
    values = notice["response"]["dec:Declaration"]["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    assert values[0]["Commodity"]["Description"] == "Pliers"
