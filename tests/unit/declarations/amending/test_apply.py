"""Changes are made where the pointers say, and everything else is left alone or refused."""

from __future__ import annotations

import copy
import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.declarations.amending.apply import FIXED, apply
from singlewindow.declarations.amending.changes import Change, RequestRule
from singlewindow.declarations.amending.differences import changes_between
from singlewindow.declarations.faults import FAULTS_SHOWN, Severity, Step
from singlewindow.declarations.model import ROOT, Tree
from tests.unit.declarations.amending.messages import (
    amended_by,
    amendments,
    item,
    lodged,
    refused,
    request,
)
from tests.unit.declarations.amending.trees import random_tree, varied
from tests.unit.declarations.samples import place

NET_MASS = "42A/67A/68A[1]/23A/65A#128"


def amended(content: str) -> Tree:
    """The declaration after the request, which gives no warning."""
    result = amended_by(content)
    assert result.faults == ()
    assert result.tree is not None
    return result.tree


def first_item(tree: Tree) -> Any:
    return tree["GoodsShipment"]["GovernmentAgencyGoodsItem"][0]


def mass(text: str, attributes: str = "") -> str:
    measure = f"<NetNetWeightMeasure{attributes}>{text}</NetNetWeightMeasure>"
    return item(f"<Commodity><GoodsMeasure>{measure}</GoodsMeasure></Commodity>")


def test_a_value_is_replaced_with_its_attributes() -> None:
    new = amended(request(amendments(NET_MASS) + mass("2.50", ' unitCode="TNE"')))
    assert first_item(new)["Commodity"]["GoodsMeasure"]["NetNetWeightMeasure"] == {"@unitCode": "TNE", "#text": "2.5"}
    assert first_item(amended(request(amendments(NET_MASS) + mass("3"))))["Commodity"]["GoodsMeasure"] == {
        "GrossMassMeasure": "12",
        "NetNetWeightMeasure": "3",
    }


def test_a_value_that_is_not_given_is_removed() -> None:
    new = amended(request(amendments(NET_MASS)))
    assert first_item(new)["Commodity"]["GoodsMeasure"] == {"GrossMassMeasure": "12"}


def test_a_value_is_added_at_its_place_in_the_schema() -> None:
    new = amended(
        request(amendments("42A/67A/68A[2]/23A/65A#126") + item(
            "<Commodity><GoodsMeasure><GrossMassMeasure>1</GrossMassMeasure></GoodsMeasure></Commodity>", 2))
    )  # fmt: skip
    assert new["GoodsShipment"]["GovernmentAgencyGoodsItem"][1]["Commodity"] == {
        "Description": "Laces",
        "GoodsMeasure": {"GrossMassMeasure": "1"},
    }
    office = amended(request(amendments("42A#065"), after="<DeclarationOfficeID>GB000060</DeclarationOfficeID>"))
    assert list(office) == [
        *("FunctionCode", "FunctionalReferenceID", "TypeCode", "GoodsItemQuantity", "DeclarationOfficeID"),
        *("InvoiceAmount", "Agent", "GoodsShipment"),
    ]


def test_a_date_changes_as_one_value() -> None:
    date = '<IssueDateTime><ds:DateTimeString formatCode="102">20260131</ds:DateTimeString></IssueDateTime>'
    content = request(amendments("42A#D011")).replace("<TypeCode>", f"{date}<TypeCode>")
    assert amended(content)["IssueDateTime"] == {"DateTimeString": {"@formatCode": "102", "#text": "20260131"}}


def test_the_date_and_the_sender_of_the_request_are_not_values_of_the_declaration() -> None:
    date = '<IssueDateTime><ds:DateTimeString formatCode="102">20260131</ds:DateTimeString></IssueDateTime>'
    content = request(amendments(NET_MASS), after="<Submitter><ID>GB1</ID></Submitter>")
    assert "Submitter" not in amended(content.replace("<TypeCode>", f"{date}<TypeCode>"))


def test_an_item_is_added_replaced_and_removed_by_its_number() -> None:
    third = amended(request(amendments("42A/67A/68A[3]") + item("<Commodity/>", 3)))
    numbers = [each["SequenceNumeric"] for each in third["GoodsShipment"]["GovernmentAgencyGoodsItem"]]
    assert numbers == ["1", "2", "3"]
    replaced = amended(request(amendments("42A/67A/68A[2]") + item("<Commodity/>", 2)))
    assert replaced["GoodsShipment"]["GovernmentAgencyGoodsItem"][1] == {"SequenceNumeric": "2", "Commodity": {}}
    removed = amended(request(amendments("42A/67A/68A[1]")))
    assert [each["SequenceNumeric"] for each in removed["GoodsShipment"]["GovernmentAgencyGoodsItem"]] == ["2"]


def test_a_new_item_may_be_given_value_by_value() -> None:
    new = amended(request(
        amendments("42A/67A/68A[3]/23A#137") + item("<Commodity><Description>Wax</Description></Commodity>", 3)
    ))  # fmt: skip
    assert new["GoodsShipment"]["GovernmentAgencyGoodsItem"][2] == {
        "SequenceNumeric": "3",
        "Commodity": {"Description": "Wax"},
    }


def test_what_is_known_by_place_keeps_its_place_in_the_skeleton() -> None:
    given_ = "<AdditionalDocument/><AdditionalDocument><ID>PHYTO-2</ID></AdditionalDocument>"
    new = amended(request(amendments("42A/67A/68A[1]/02A[2]#D005") + item(given_)))
    assert [each["ID"] for each in first_item(new)["AdditionalDocument"]] == ["INVOICE-7", "PHYTO-2"]
    added = "<AdditionalDocument/>" + given_.replace("PHYTO-2", "CITES-1")
    new = amended(request(amendments("42A/67A/68A[1]/02A[3]") + item(added)))
    assert [each["ID"] for each in first_item(new)["AdditionalDocument"]] == ["INVOICE-7", "PHYTO-1", "CITES-1"]


def test_places_are_those_of_the_declaration_as_it_stands() -> None:
    given_ = "<AdditionalDocument/><AdditionalDocument><ID>PHYTO-2</ID></AdditionalDocument>"
    chains = ("42A/67A/68A[1]/02A[1]", "42A/67A/68A[1]/02A[2]#D005")
    for order in (chains, chains[::-1]):
        new = amended(request(amendments(*order) + item(given_)))
        assert [each["ID"] for each in first_item(new)["AdditionalDocument"]] == ["PHYTO-2"]


def test_packages_are_known_by_their_own_number() -> None:
    packages = "<Packaging><SequenceNumeric>2</SequenceNumeric><QuantityQuantity>7</QuantityQuantity></Packaging>"
    new = amended(request(amendments("42A/67A/68A[1]/93A[2]#144") + item(packages)))
    assert [each["QuantityQuantity"] for each in first_item(new)["Packaging"]] == ["4", "7"]


def test_the_last_of_its_name_takes_the_list_along() -> None:
    new = amended(request(amendments("42A/67A/68A[1]/02A[1]", "42A/67A/68A[1]/02A[2]")))
    assert "AdditionalDocument" not in first_item(new)


def test_what_stands_already_may_be_repeated() -> None:
    agent = "<Agent><ID>GB000000000001</ID><FunctionCode>3</FunctionCode></Agent>"
    assert amended(request(agent + amendments("42A/05A#102")))["Agent"]["FunctionCode"] == "3"


def test_another_value_beside_a_change_is_a_warning_within_what_is_known_by_place() -> None:
    document = "<AdditionalDocument><ID>OTHER</ID><TypeCode>380</TypeCode></AdditionalDocument>"
    result = amended_by(request(amendments("42A/67A/68A[1]/02A[1]#D006") + item(document)))
    (warning,) = result.faults
    assert (warning.rule, warning.severity) == (RequestRule.BESIDE, Severity.WARNING)
    assert place(warning.path).endswith("GovernmentAgencyGoodsItem[1]/AdditionalDocument[1]/ID")
    assert result.tree is not None
    assert first_item(result.tree)["AdditionalDocument"][0] == {
        "CategoryCode": "N",
        "ID": "INVOICE-7",
        "TypeCode": "380",
    }


def test_a_value_at_the_wrong_place_is_not_taken_for_a_removal() -> None:
    second = "42A/67A/68A[1]/02A[2]"
    document = item("<AdditionalDocument><ID>PHYTO-2</ID></AdditionalDocument>")
    faults = refused(request(amendments(f"{second}#D005") + document))
    assert [fault.rule for fault in faults] == [RequestRule.PLACE, RequestRule.UNNAMED]
    assert [fault.rule for fault in refused(request(amendments(second) + document))] == [RequestRule.UNNAMED]
    same = item("<AdditionalDocument><ID>INVOICE-7</ID></AdditionalDocument>")
    assert [fault.rule for fault in refused(request(amendments(f"{second}#D005") + same))] == [RequestRule.PLACE]


def test_an_entry_that_stands_already_cannot_get_another_number_silently() -> None:
    def consignment(*numbers: str) -> Tree:
        return {"GoodsShipment": {"Consignment": {"TransportEquipment": [{"SequenceNumeric": n} for n in numbers]}}}

    step = Step("TransportEquipment", 2)
    change = Change((ROOT, Step("GoodsShipment"), Step("Consignment"), step, Step("ID")), (ROOT,))
    values = consignment("3", "2")
    values["GoodsShipment"]["Consignment"]["TransportEquipment"][1]["ID"] = "CSQU3054383"
    (fault,) = apply(consignment("3", "3"), [change], values).faults
    assert (fault.rule, place(fault.path)) == (
        RequestRule.UNNAMED,
        "Declaration/GoodsShipment/Consignment/TransportEquipment[2]/SequenceNumeric",
    )


def test_a_statement_of_the_declaration_is_not_a_reason() -> None:
    statement = "<AdditionalInformation><StatementCode>00500</StatementCode></AdditionalInformation>"
    why = "<AdditionalInformation><StatementTypeCode>AES</StatementTypeCode></AdditionalInformation>"
    new = amended(request(why + statement + amendments("42A/03A[1]")))
    assert new["AdditionalInformation"] == [{"StatementCode": "00500"}]


def test_unchanged_parts_are_shared_and_the_input_stays() -> None:
    old, values = lodged(), {"Agent": {"FunctionCode": "3"}}
    before = copy.deepcopy((old, values))
    path = (ROOT, Step("Agent"), Step("FunctionCode"))
    new = apply(old, [Change(path, (ROOT,))], values).tree
    assert new is not None
    assert new["GoodsShipment"] is old["GoodsShipment"]
    assert (old, values) == before


@pytest.mark.parametrize("name", FIXED)
def test_what_never_changes_cannot_be_changed_by_a_whole_new_declaration_either(name: str) -> None:
    new = {**lodged(), name: [{}] if name == "Amendment" else "13"}
    result = apply(lodged(), changes_between(lodged(), new), new)
    assert result.tree is None
    assert [fault.rule for fault in result.faults] == [RequestRule.FIXED]


def test_faults_have_their_lines() -> None:
    (fault,) = refused(request("\n\n<Agent>\n<ID>GB2</ID></Agent>" + amendments(NET_MASS)))
    assert (fault.rule, place(fault.path), fault.line) == (RequestRule.UNNAMED, "Declaration/Agent/ID", 4)


def test_no_more_are_added_than_the_schema_allows() -> None:
    held = [{"SequenceNumeric": str(number)} for number in range(2, 1_001)]
    old = {**lodged(), "Consignment": {"ConsignmentItem": held}}
    values = {"Consignment": {"ConsignmentItem": [{"SequenceNumeric": "1"}]}}
    first = Change((ROOT, Step("Consignment"), Step("ConsignmentItem", 1)), (ROOT, Step("Amendment", 1)))
    last = Change((ROOT, Step("Consignment"), Step("ConsignmentItem", 1_000)), (ROOT, Step("Amendment", 2)))
    (fault,) = apply(old, [first], values).faults
    assert (fault.rule, place(fault.path)) == (RequestRule.TOO_MANY, "Declaration/Amendment[1]")
    assert apply(old, [first, last], values).faults == ()


def test_faults_are_not_listed_without_end() -> None:
    documents = [{"ID": str(number)} for number in range(FAULTS_SHOWN * 2)]
    assert len(apply(lodged(), [], {"AdditionalDocument": documents}).faults) == FAULTS_SHOWN


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_any_changes_with_any_values_give_a_declaration_or_faults(seed: int) -> None:
    chance = random.Random(seed)
    old, values = random_tree(chance), random_tree(chance)
    changes = changes_between(varied(old, chance), varied(values, chance))
    chosen = chance.sample(changes, min(len(changes), chance.choice((1, 3, 30))))
    before = copy.deepcopy((old, values))
    result = apply(old, chosen, values)
    hard = [fault for fault in result.faults if fault.severity is Severity.HARD]
    assert (result.tree is None) == bool(hard)
    assert (old, values) == before


def calls(items: int, changes: int) -> int:
    """How many calls it takes to change the first values of so many items."""
    entries = [{"SequenceNumeric": str(number), "Commodity": {"Description": "A"}} for number in range(1, items + 1)]
    old = {"FunctionCode": "9", "GoodsShipment": {"GovernmentAgencyGoodsItem": entries}}
    changed = [{**entry, "Commodity": {"Description": "B"}} for entry in entries[:changes]]
    values = {"GoodsShipment": {"GovernmentAgencyGoodsItem": changed}}
    first = {"FunctionCode": "9", "GoodsShipment": {"GovernmentAgencyGoodsItem": entries[:changes]}}
    wanted = changes_between(first, {**first, **values})
    assert len(wanted) == changes
    return counted(lambda: apply(old, wanted, values))


def counted(work: Any) -> int:
    total = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal total
        total += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return total


def test_the_cost_grows_with_the_items_plus_the_changes_and_not_with_their_product() -> None:
    few, many = calls(2_000, 10), calls(2_000, 1_000)
    more = calls(8_000, 1_000)
    assert many - few < 990 * 100  # a product would be 990 times 2,000
    assert more - many < 6_000 * 12  # and here 6,000 times 1,000
