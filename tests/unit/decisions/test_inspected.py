"""What a decision to inspect is about: items where they are named, everything where they are not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from singlewindow.decisions.assessment import Control, Lane
from singlewindow.decisions.inspected import Inspected, inspected_by, touches
from singlewindow.decisions.merge import Outcome, Reason, Verdict
from singlewindow.declarations.amending.changes import Change
from singlewindow.declarations.faults import Step
from singlewindow.declarations.projection import Entitlement

DECLARATION, SHIPMENT = Step("Declaration"), Step("GoodsShipment")
ENTITLEMENTS = {
    "firearms": Entitlement(frozenset(), frozenset({"Declaration/GoodsShipment/Warehouse/ID"})),
    "customs": Entitlement(frozenset(), frozenset({"Declaration/InvoiceAmount"})),
}


def reason(
    item: str = "1", control: Control | None = Control.PHYSICAL, agency: str = "firearms", **more: Any
) -> Reason:
    return Reason(agency=agency, officer="Look.", trader="", weight=50, item=item, control=control, **more)


def verdict(*reasons: Reason, controls: tuple[Control, ...] = (Control.PHYSICAL,)) -> Verdict:
    return Verdict(outcome=Outcome.INSPECT, lane=Lane.RED, controls=controls, contradictory=False, reasons=reasons,
                   fingerprint="", function_code="05", after_release=UNSET)  # fmt: skip


def item(number: int | None) -> Change:
    return at(SHIPMENT, Step("GovernmentAgencyGoodsItem", number), Step("Commodity"), Step("Description"))


def at(*steps: Step) -> Change:
    return Change((DECLARATION, *steps), (DECLARATION, *steps))


def test_the_items_that_the_reasons_name_are_inspected() -> None:
    found = inspected_by(verdict(reason("1"), reason("3", Control.SCAN), controls=(Control.PHYSICAL, Control.SCAN)))
    assert found.items == frozenset({1, 3})


def test_documents_are_not_inspected() -> None:
    papers = reason("2", Control.DOCUMENTS)
    assert inspected_by(
        verdict(reason("1"), papers, controls=(Control.DOCUMENTS, Control.PHYSICAL))
    ).items == frozenset({1})


@pytest.mark.parametrize(
    "decided",
    [
        verdict(reason("1"), reason("")),
        verdict(reason("1"), reason("2", more=True)),
        verdict(reason("1"), controls=(Control.PHYSICAL, Control.SAMPLE)),
        verdict(reason("2", Control.DOCUMENTS), controls=(Control.DOCUMENTS,)),
        verdict(),
    ],
    ids=["the whole", "further items", "a control that no reason explains", "documents not given in time", "no reason"],
)
def test_where_no_items_are_named_everything_is_inspected(decided: Verdict) -> None:
    assert inspected_by(decided).items is None
    assert touches(inspected_by(decided), [item(9)], ENTITLEMENTS)


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (item(1), True), (item(2), False), (item(None), True), (at(SHIPMENT, Step("Warehouse")), True),
        (at(SHIPMENT, Step("Warehouse"), Step("ID")), True), (at(Step("InvoiceAmount")), False),
        (at(SHIPMENT), True),
    ],
    ids=["its item", "another item", "an item without a number", "a class it sees", "an element it sees",
         "an element that only others see", "a class above"],
)  # fmt: skip
def test_a_change_touches_what_its_item_or_the_ordering_agency_s_view_holds(change: Change, touched: bool) -> None:
    inspected = inspected_by(verdict(reason("1")))
    assert touches(inspected, [change], ENTITLEMENTS) is touched
    assert touches(inspected, [item(2), change], ENTITLEMENTS) is touched


def test_what_an_unknown_agency_sees_is_unknown() -> None:
    inspected = Inspected((reason("1", agency="abolished"),), frozenset({1}))
    assert touches(inspected, [at(Step("InvoiceAmount"))], ENTITLEMENTS)
    assert not touches(inspected, [item(2)], ENTITLEMENTS)
