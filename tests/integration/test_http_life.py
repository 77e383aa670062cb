"""Amending, cancelling and reporting over HTTP: whose it is, what carriers are told, quotas, large bodies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from singlewindow.access import quota
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.lodging import lodge
from singlewindow.clearance.lodging.preparation import prepare_message
from singlewindow.clearance.lodging.sandboxed_reader import LARGE
from singlewindow.declarations.mrn import make_mrn
from tests.integration.conftest import Caller, Callers, app_over, body_of, problem, work
from tests.integration.documents import JSON_TYPE, PISTOLS, XML_TYPE, as_json, tree
from tests.integration.record import rows
from tests.integration.test_amending import put
from tests.integration.test_life import arrived, lodge_in_advance, rule, send, state_of

UNKNOWN = make_mrn(2026, "GB", 17)
CARRIER = "GB555555555000"
PADDING = b" " * LARGE


def correction(mrn: str, description: str = "Pliers", lrn: str = "COR1") -> dict[str, Any]:
    """A WCO amendment of the description of the one item."""
    sections = ({"DocumentSectionCode": "42A"}, {"DocumentSectionCode": "67A"},
                {"DocumentSectionCode": "68A", "SequenceNumeric": "1"},
                {"DocumentSectionCode": "23A", "TagID": "137"})  # fmt: skip
    item = {"SequenceNumeric": "1", "Commodity": {"Description": description}}
    return {"FunctionCode": "13", "TypeCode": "COR", "ID": mrn, "FunctionalReferenceID": lrn,
            "Amendment": [{"ChangeReasonCode": "32", "Pointer": [*sections]}],
            "GoodsShipment": {"GovernmentAgencyGoodsItem": [item]}}  # fmt: skip


def invalidation(mrn: str, reason: str = "Lodged twice") -> dict[str, Any]:
    """A WCO cancellation."""
    return {"FunctionCode": "13", "TypeCode": "INV", "ID": mrn, "FunctionalReferenceID": "INV1",
            "AdditionalInformation": [{"StatementTypeCode": "AES", "StatementDescription": reason}],
            "Amendment": [{"ChangeReasonCode": "1"}]}  # fmt: skip


def presentation(mrn: str) -> dict[str, Any]:
    """A WCO message that the goods are there."""
    return {"FunctionCode": "13", "TypeCode": "GPR", "ID": mrn, "FunctionalReferenceID": "GPR1"}


CALLS: dict[str, Callable[[Caller, str, ClearanceContext], Any]] = {
    "PUT": lambda caller, mrn, _: put(caller, mrn, tree(Declarant={"ID": caller.party})),
    "COR": lambda caller, mrn, _: caller.post(as_json(correction(mrn))),
    "INV": lambda caller, mrn, _: caller.post(as_json(invalidation(mrn))),
    "GPR": lambda caller, mrn, _: caller.post(as_json(presentation(mrn))),
    "cancellation": lambda caller, mrn, _: send(caller, mrn, "cancellation", {"reason": "Mine"}),
    "arrival": lambda caller, mrn, context: send(caller, mrn, "arrival", arrived(context)),
    "milestone": lambda caller, mrn, context: send(
        caller, mrn, "milestones", arrived(context) | {"milestone": "unloaded"}
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_another_partys_declaration_does_not_exist_for_anybody_else(
    trader: Caller, callers: Callers, context: ClearanceContext, name: str
) -> None:
    mrn = lodge_in_advance(trader, Consignment={"Carrier": {"ID": CARRIER}})
    strangers = [callers.trader("GB999999999000")]
    strangers += [callers.carrier("GB666666666000")] if name in {"arrival", "milestone"} else []
    before = rows(context, "SELECT count(*) FROM event")
    for stranger in strangers:
        foreign, unknown = (CALLS[name](stranger, each, context) for each in (mrn, UNKNOWN))
        told = [each.text.replace(each.headers["X-Trace-Id"], "-") for each in (foreign, unknown)]
        assert (problem(foreign), told[0]) == ((404, "NOT_FOUND"), told[1])
    assert (rows(context, "SELECT count(*) FROM event"), rows(context, "SELECT count(*) FROM request")) == (
        before, [(0,)],
    )  # fmt: skip
    assert CALLS[name](trader, mrn, context).status_code in {200, 422}


@pytest.mark.parametrize("name", ["PUT", "COR", "INV", "GPR", "cancellation"])
def test_a_carrier_asks_for_nothing(trader: Caller, callers: Callers, context: ClearanceContext, name: str) -> None:
    mrn = lodge_in_advance(trader, Consignment={"Carrier": {"ID": CARRIER}})
    assert problem(CALLS[name](callers.carrier(CARRIER), mrn, context)) == (403, "FORBIDDEN")
    assert state_of(trader, mrn) == "registered"


def test_a_carrier_is_told_only_what_it_has_reported(
    trader: Caller, callers: Callers, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader, Consignment={"Carrier": {"ID": CARRIER}})
    work(context)
    carrier, report = callers.carrier(CARRIER), arrived(context, containers=[])
    unloaded = body_of(send(carrier, mrn, "milestones", arrived(context) | {"milestone": "unloaded"}))
    assert unloaded.keys() == {"mrn", "recorded_at"}
    for _ in range(2):
        assert body_of(send(carrier, mrn, "arrival", report)).keys() == {"mrn", "recorded_at"}
    assert state_of(trader, mrn) == "inspection-ordered"
    assert body_of(send(carrier, mrn, "arrival", report | {"place": "DVR"})).keys() == {"mrn", "recorded_at"}
    refused = [send(carrier, mrn, "arrival", arrived(context)),
               send(carrier, mrn, "milestones", arrived(context) | {"milestone": "exited"})]  # fmt: skip
    assert [(problem(each), body_of(each)["detail"]) for each in refused] == [
        ((409, "NOT_POSSIBLE"), "The declaration cannot arrive now. Its party can see why"),
        ((409, "NOT_POSSIBLE"), "The declaration cannot leave the country now. Its party can see why"),
    ]
    for path in (f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decision", f"/v1/declarations/{mrn}/document",
                 "/v1/declarations", "/v1/notices", "/v1/agencies/customs/requests"):  # fmt: skip
        assert problem(carrier.get(path)) == (403, "FORBIDDEN")


def test_containers_that_were_looked_for_and_are_not_there_are_missing(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader)
    seen = body_of(send(trader, mrn, "arrival", arrived(context, containers=[])))
    assert seen["differences"] == ["Container MSCU1234566 is declared but was not seen."]


def test_a_report_is_the_same_whatever_it_says_and_although_the_declaration_was_amended(
    trader: Caller, context: ClearanceContext
) -> None:
    mrn = lodge_in_advance(trader)
    report = arrived(context, transport="AB12 CDE", containers=[{"id": "MSCU1234566", "seals": ["SEAL-1"]}])
    milestone = arrived(context) | {"milestone": "unloaded"}
    firsts = [send(trader, mrn, "arrival", report), send(trader, mrn, "milestones", milestone)]
    assert body_of(put(trader, mrn, _in_advance("Pliers")))["answer"] == "granted"
    again = [send(trader, mrn, "arrival", report), send(trader, mrn, "milestones", milestone)]
    for first, second in zip(firsts, again, strict=True):
        assert second.headers.get("Idempotent-Replayed") == "true", second.text
        assert body_of(second)["recorded_at"] == body_of(first)["recorded_at"]


@pytest.mark.parametrize("message", [correction(UNKNOWN), invalidation(UNKNOWN), presentation(UNKNOWN)])
@pytest.mark.parametrize("own", [True, False], ids=["of this one", "of another"])
def test_only_a_whole_declaration_or_an_amendment_of_it_takes_its_place(
    trader: Caller, message: dict[str, Any], own: bool
) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])
    answer = put(trader, mrn, message | {"ID": mrn if own else body_of(trader.lodge(tree("LRN2")))["mrn"]})
    if own and message["TypeCode"] == "COR":
        assert body_of(answer)["answer"] == "granted"
    else:
        assert problem(answer) == (422, "NOT_SUPPORTED_YET")
        assert body_of(trader.get(f"/v1/declarations/{mrn}"))["version"] == 1


@pytest.mark.parametrize("name", ["PUT", "cancellation"])
def test_the_same_request_twice_at_the_same_moment_is_granted_once(
    trader: Caller, context: ClearanceContext, name: str
) -> None:
    mrn, answers = str(body_of(trader.lodge(tree()))["mrn"]), list[Any]()

    def ask() -> None:
        if name == "PUT":
            answers.append(put(trader, mrn, tree(description="Pliers"), Idempotency_Key="k1"))
        else:
            answers.append(send(trader, mrn, "cancellation", {"reason": "Lodged twice"}, Idempotency_Key="k1"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(each.status_code, each.text) for each in answers} == {(200, answers[0].text)}
    assert sorted(each.headers.get("Idempotent-Replayed", "") for each in answers) == ["", "true", "true", "true"]
    assert rows(context, "SELECT count(*) FROM request") == [(1,)]


def test_a_party_with_too_many_open_declarations_amends_no_more_but_cancels_and_reports(
    context: ClearanceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = msgspec.structs.replace(context.settings, sw_open_limit=1)
    limited = msgspec.structs.replace(settings)
    here = context.__class__(limited, context.engine, context.rulebooks, context.agencies, context.adapters)
    trader = Callers(app_over(here), here).trader()
    mrn = lodge_in_advance(trader)
    done = put(trader, mrn, _in_advance("Pliers"), Idempotency_Key="k1")
    assert body_of(done)["answer"] == "granted"
    monkeypatch.setattr(quota.Quotas, "is_full", lambda *_: True)
    for refused in (put(trader, mrn, _in_advance("Saws")), trader.post(as_json(correction(mrn, "Saws")))):
        assert problem(refused) == (429, "QUOTA_EXCEEDED")
        assert refused.headers["Retry-After"].isdecimal()
    again = put(trader, mrn, _in_advance("Pliers"), Idempotency_Key="k1")
    assert (again.text, again.headers["Idempotent-Replayed"]) == (done.text, "true")
    assert send(trader, mrn, "arrival", arrived(here)).status_code == 200
    assert body_of(send(trader, mrn, "cancellation", {"reason": "Sold"}))["answer"] == "granted"


def _in_advance(description: str) -> dict[str, Any]:
    return tree(description=description, TypeCode="IMD")


def test_large_amendments_are_read_apart(trader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    mrn = str(body_of(trader.lodge(tree()))["mrn"])

    def small(content: bytes, *more: Any) -> Any:
        assert len(content) <= LARGE, "read in the web process"
        return prepare_message(content, *more)

    monkeypatch.setattr(lodge, "prepare_message", small)
    whole = trader.call("PUT", f"/v1/declarations/{mrn}", data=as_json(tree(description="Saws")) + PADDING,
                        content_type=JSON_TYPE)  # fmt: skip
    assert (whole.status_code, body_of(whole)["answer"]) == (200, "granted"), whole.text
    changed = trader.post(as_json(correction(mrn)) + PADDING)
    assert (changed.status_code, body_of(changed)["answer"]) == (200, "granted"), changed.text
    status = body_of(trader.get(f"/v1/declarations/{mrn}"))
    document = trader.get(f"/v1/declarations/{mrn}/document", XML_TYPE)
    assert (status["version"], ">Pliers<" in document.text) == (3, True)


@pytest.mark.service
@pytest.mark.parametrize("whole", [True, False], ids=["PUT", "COR"])
def test_a_declaration_of_many_items_is_amended(trader: Caller, whole: bool) -> None:
    mrn = str(body_of(trader.lodge(_many("Spanners")))["mrn"])
    answer = put(trader, mrn, _many("Pliers")) if whole else trader.post(as_json(correction(mrn)))
    assert (answer.status_code, body_of(answer)["answer"]) == (200, "granted"), answer.text
    notice = body_of(trader.get("/v1/notices"))["notices"][-1]
    assert (notice["function_code"], len(notice["response"]["Amendment"])) == ("07", 900 if whole else 1)


def _many(description: str) -> dict[str, Any]:
    declaration = tree(GoodsItemQuantity="900", TotalPackageQuantity="900")
    (item,) = declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    commodity = item["Commodity"] | {"Description": f"{description} {'of forged steel ' * 10}".strip()}
    items = [item | {"SequenceNumeric": str(number), "Commodity": commodity} for number in range(1, 901)]
    declaration["GoodsShipment"]["GovernmentAgencyGoodsItem"] = items
    return declaration


def test_an_officer_grants_a_large_amendment(trader: Caller, callers: Callers, context: ClearanceContext) -> None:
    mrn = str(body_of(trader.lodge(tree(commodity=PISTOLS)))["mrn"])
    work(context)
    content = as_json(tree(commodity=PISTOLS, description="Target pistols")) + PADDING
    asked = trader.call("PUT", f"/v1/declarations/{mrn}", data=content, content_type=JSON_TYPE)
    assert (asked.status_code, body_of(asked)["answer"]) == (202, "waiting")
    ruled = rule(callers.agency("customs"), (mrn, body_of(asked)["request"]), "granted")
    assert body_of(ruled)["answer"] == "granted"
    assert body_of(trader.get(f"/v1/declarations/{mrn}"))["version"] == 2
