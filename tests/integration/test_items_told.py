"""What is told about one goods item: its number and its pointer, in the decision and in notices, to the trader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.contract import View
from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Answer, Assessment, Control, Finding, Lane
from singlewindow.declarations.reading.message import Limits
from singlewindow.declarations.reading.schema import is_valid, parse
from singlewindow.enquiries.notices import DOCUMENTS_BY
from tests.integration.conftest import Callers, app_over, body_of, work
from tests.integration.documents import XML_TYPE, as_json, as_xml, tree

RES = "{urn:wco:datamodel:WCO:RES-DMS:2}"
CERTIFICATE, INVOICE = "A certificate is needed.", "Please provide the invoice."


@dataclass
class _Finds:
    """Customs, with these words about these items."""

    words: Sequence[tuple[str, str | None]]
    control: Control = Control.DOCUMENTS
    agency: str = "customs"

    def assess(self, _view: View) -> Assessment:
        findings = tuple(
            Finding(profile=f"P-{number}", legal_basis="law", weight=50, control=self.control, officer="look",
                    trader=words, item=item)
            for number, (words, item) in enumerate(self.words)
        )  # fmt: skip
        return Assessment(agency=self.agency, answer=Answer.ASSESSED, lane=Lane.ORANGE, score=50,
                          controls=(self.control,), findings=findings)  # fmt: skip


def _of_items(count: int, **changes: Any) -> dict[str, Any]:
    whole = tree(GoodsItemQuantity=str(count), TotalPackageQuantity=str(count), **changes)
    (item,) = whole["GoodsShipment"]["GovernmentAgencyGoodsItem"]
    items = [{**item, "SequenceNumeric": str(number)} for number in range(1, count + 1)]
    whole["GoodsShipment"] = {**whole["GoodsShipment"], "GovernmentAgencyGoodsItem": items}
    return whole


def _decided(context: ClearanceContext, found: _Finds, content: bytes, media: str) -> tuple[Callers, str]:
    finding = replace(context, adapters={**context.adapters, "customs": found})
    callers = Callers(app_over(finding), finding)
    answer = callers.trader().post(content, media)
    assert answer.status_code == 202, answer.data
    work(finding)
    return callers, str(body_of(answer)["mrn"])


@pytest.mark.parametrize(("write", "media"), [(as_json, "application/json"), (as_xml, XML_TYPE)])
def test_the_decision_says_which_item_needs_the_certificate(context: ClearanceContext, write: Any, media: str) -> None:
    found = _Finds([(CERTIFICATE, "2"), (INVOICE, "1"), (INVOICE, "2")])
    callers, mrn = _decided(context, found, write(_of_items(3)), media)
    reading = body_of(callers.trader().get(f"/v1/declarations/{mrn}/decision"))
    assert reading["reasons"] == [
        "The goods are held for a check of documents.", f"Items 1 and 2: {INVOICE}", f"Item 2: {CERTIFICATE}",
    ]  # fmt: skip
    assert reading["items"] == [
        {"item": "1", "wco_pointer": "42A/67A/68A[1]", "reasons": [INVOICE]},
        {"item": "2", "wco_pointer": "42A/67A/68A[2]", "reasons": [INVOICE, CERTIFICATE]},
    ]


def test_words_about_the_whole_declaration_name_no_item(context: ClearanceContext) -> None:
    callers, mrn = _decided(context, _Finds([(INVOICE, None)]), as_json(_of_items(2)), "application/json")
    reading = body_of(callers.trader().get(f"/v1/declarations/{mrn}/decision"))
    assert (reading["reasons"][1:], reading["items"]) == ([INVOICE], [])


@pytest.mark.parametrize(
    ("control", "code", "statement"), [(Control.DOCUMENTS, "06", ("ACA", "ACA")), (Control.SCAN, "05", ("AES", None))]
)
def test_a_notice_points_to_the_items_it_is_about(
    context: ClearanceContext, control: Control, code: str, statement: tuple[str, str | None]
) -> None:
    found = _Finds([(CERTIFICATE, "2"), (CERTIFICATE, "10"), (INVOICE, None)], control)
    callers, _ = _decided(context, found, as_json(_of_items(10)), "application/json")
    _, told = body_of(callers.trader().get("/v1/notices"))["notices"]
    assert told["function_code"] == code
    said = told["response"]["AdditionalInformation"]
    if code == "06":
        limit, *said = said
        assert (limit["StatementDescription"], bool(limit["LimitDateTime"])) == (DOCUMENTS_BY, True)
    assert {(each["StatementTypeCode"], each.get("StatementCode")) for each in said} == {statement}
    assert [(each["StatementDescription"], _steps(each)) for each in said] == [
        (INVOICE, []),
        (CERTIFICATE, [("42A", None), ("67A", None), ("68A", "2")]),
        (CERTIFICATE, [("42A", None), ("67A", None), ("68A", "10")]),
    ]


def _steps(statement: dict[str, Any]) -> list[tuple[str, str | None]]:
    steps = statement.get("Pointer", [])
    return [(step["DocumentSectionCode"], step.get("SequenceNumeric")) for step in steps]


def test_a_notice_with_many_items_is_a_valid_message(context: ClearanceContext) -> None:
    found = _Finds([(CERTIFICATE, str(number)) for number in range(1, 31)])
    callers, _ = _decided(context, found, as_json(_of_items(30)), "application/json")
    root = parse(callers.trader().get("/v1/notices", XML_TYPE).data, Limits())
    assert is_valid(root)
    described = [node.text for node in root.iter(f"{RES}StatementDescription")]
    assert described == [DOCUMENTS_BY, *[CERTIFICATE] * 20, f"Further goods items: {CERTIFICATE}"]


def test_an_item_without_its_certificate_is_named_by_the_agency_s_own_profiles(context: ClearanceContext) -> None:
    whole = _of_items(2)
    item = whole["GoodsShipment"]["GovernmentAgencyGoodsItem"][1]
    item["Commodity"] = {
        "Description": "Fresh table grapes",
        "Classification": [{"ID": "08061010", "IdentificationTypeCode": "TSP"}],
    }
    callers = Callers(app_over(context), context)
    mrn = body_of(callers.trader().lodge(whole))["mrn"]
    work(context)
    reasons = body_of(callers.trader().get(f"/v1/declarations/{mrn}/decision"))["reasons"]
    assert "Item 2: Please provide the phytosanitary certificate, or say why none is needed." in reasons
