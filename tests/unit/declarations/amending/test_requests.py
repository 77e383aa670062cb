"""A request is read whole, or refused for what is wrong with it, each fault with its rule, its place and its advice."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singlewindow.declarations.amending.apply import apply
from singlewindow.declarations.amending.changes import RequestRule
from singlewindow.declarations.amending.requests import Request, RequestKind, read_request
from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.faults import FAULTS_SHOWN, Severity
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.pointers import pointer_text
from tests.unit.declarations.amending.messages import (
    GOODS,
    MRN,
    amendments,
    item,
    pointer,
    reason,
    refused,
    request,
    requested,
)
from tests.unit.declarations.amending.trees import random_tree
from tests.unit.declarations.samples import place

NET_MASS = "42A/67A/68A[1]/23A/65A#128"
MASS = item("<Commodity><GoodsMeasure><NetNetWeightMeasure>9</NetNetWeightMeasure></GoodsMeasure></Commodity>")
SENDER = "<Submitter><ID>GB000000000009</ID></Submitter>"
CANCELLED = "<Amendment><ChangeReasonCode>1</ChangeReasonCode></Amendment>"
PACKAGES = "".join(f"<Packaging><SequenceNumeric>{number}</SequenceNumeric></Packaging>" for number in (2, 1))
DOCUMENT = item("<AdditionalDocument><ID>INVOICE-7</ID></AdditionalDocument>")
HOLDERS = "<AuthorisationHolder/><AuthorisationHolder><ID>GB1</ID></AuthorisationHolder>"
WEIGHED = request(amendments(NET_MASS) + MASS)


def numbered(step: int) -> dict[str, str]:
    """The fault in the number of this step."""
    return {"AMEND-SEQUENCE": f"Amendment[1]/Pointer[{step}]/SequenceNumeric"}


BAD = {
    "an original": (
        GOODS.strip(),
        {"REQUEST-FUNCTION": "FunctionCode", "REQUEST-TYPE": "TypeCode", "REQUEST-MRN": "ID"},
    ),
    "function 14": (WEIGHED.replace(">13<", ">14<"), {"REQUEST-FUNCTION": "FunctionCode"}),
    "an unknown type": (request(amendments(NET_MASS) + MASS, "ABC"), {"REQUEST-TYPE": "TypeCode"}),
    "no type": (request("").replace("<TypeCode>COR</TypeCode>", ""), {"REQUEST-TYPE": "TypeCode"}),
    "no MRN": (WEIGHED.replace(f"<ID>{MRN}</ID>", ""), {"REQUEST-MRN": "ID"}),
    "a wrong check digit": (request(amendments(NET_MASS) + MASS, mrn=MRN[:-1] + "X"), {"REQUEST-MRN-SHAPE": "ID"}),
    "no reference": (
        WEIGHED.replace("<FunctionalReferenceID>MINE-1</FunctionalReferenceID>", ""),
        {"REQUEST-REFERENCE": "FunctionalReferenceID"},
    ),
    "no change": (request(MASS), {"AMEND-NONE": "Amendment"}),
    "no pointer": (request("<Amendment/>"), {"AMEND-POINTER": "Amendment[1]"}),
    "a pointer from elsewhere": (request(amendments("67A[1]/68A[1]")), {"AMEND-START": "Amendment[1]/Pointer[1]"}),
    "a pointer from nowhere": (request(amendments("[1]")), {"AMEND-START": "Amendment[1]/Pointer[1]"}),
    "the whole declaration": (request(amendments("42A[1]")), {"AMEND-WHOLE": "Amendment[1]"}),
    "two declarations": (request(amendments("42A[2]#228")), numbered(1)),
    "an unknown class": (request(amendments("42A/99Z")), {"AMEND-CLASS": "Amendment[1]/Pointer[2]"}),
    "a class at another place": (request(amendments("42A/68A[1]")), {"AMEND-CLASS": "Amendment[1]/Pointer[2]"}),
    "an element as a class": (request(amendments("42A/228")), {"AMEND-CLASS": "Amendment[1]/Pointer[2]"}),
    "a step without class": (request(amendments("42A/67A/[1]")), {"AMEND-CLASS": "Amendment[1]/Pointer[3]"}),
    "an unknown tag": (request(amendments("42A/67A#128")), {"AMEND-TAG": "Amendment[1]/Pointer[2]/TagID"}),
    "a tag in the middle": (request(amendments("42A#228/67A")), {"AMEND-TAG": "Amendment[1]/Pointer[1]"}),
    "number 0": (request(amendments("42A/67A/68A[0]")), numbered(3)),
    "number -1": (request(amendments("42A/67A/68A[-1]")), numbered(3)),
    "a second shipment": (
        request(amendments("42A/67A[2]/68A[1]")),
        numbered(2),
    ),
    "consignment item 1,000": (
        request(amendments("42A/28A/29A[1000]")),
        numbered(3),
    ),
    "some item": (request(amendments("42A/67A/68A")), {"AMEND-SEQUENCE": "Amendment[1]/Pointer[3]"}),
    "words about nothing": (
        request(reason("Typing error", 2) + amendments(NET_MASS) + MASS),
        {"REQUEST-WORDS": "AdditionalInformation[1]"},
    ),
    "packages out of order": (
        request(amendments("42A/67A/68A[1]/93A[2]#144") + item(PACKAGES)),
        {"AMEND-ORDER": "GoodsShipment/GovernmentAgencyGoodsItem[1]/Packaging[1]"},
    ),
    "the MRN": (request(amendments("42A#D014")), {"AMEND-FIXED": "Amendment[1]"}),
    "the type": (request(amendments("42A#D013")), {"AMEND-FIXED": "Amendment[1]"}),
    "the reference": (request(amendments("42A#D026")), {"AMEND-FIXED": "Amendment[1]"}),
    "the function": (request(amendments("42A#017")), {"AMEND-FIXED": "Amendment[1]"}),
    "an amendment": (request(amendments("42A/06A[1]#099")), {"AMEND-FIXED": "Amendment[1]"}),
    "twice the same": (request(amendments(NET_MASS, NET_MASS) + MASS), {"AMEND-TWICE": "Amendment[2]"}),
    "a value within a class": (
        request(amendments("42A/67A/68A[1]", NET_MASS) + MASS),
        {"AMEND-WITHIN": "Amendment[2]"},
    ),
    "a class around a value": (
        request(amendments(NET_MASS, "42A/67A/68A[1]") + MASS),
        {"AMEND-WITHIN": "Amendment[2]"},
    ),
    "an item that is not there": (request(amendments("42A/67A/68A[3]")), {"AMEND-ABSENT": "Amendment[1]"}),
    "a value that is not there": (request(amendments("42A#065")), {"AMEND-ABSENT": "Amendment[1]"}),
    "a value of a class that is not there": (
        request(amendments("42A/67A/68A[2]/23A/65A#128")),
        {"AMEND-ABSENT": "Amendment[1]"},
    ),
    "a required value": (request(amendments("42A/67A/68A[1]#006")), {"AMEND-REQUIRED": "Amendment[1]"}),
    "a gap": (
        request(amendments("42A/17C[2]") + HOLDERS),
        {"AMEND-GAP": "Amendment[1]"},
    ),
    "a skeleton that keeps no places": (
        request(amendments("42A/67A/68A[1]/02A[2]#D005") + DOCUMENT),
        {"AMEND-PLACE": "Amendment[1]"},
    ),
    "a new value without pointer": (
        request(amendments(NET_MASS) + MASS, after="<TotalPackageQuantity>5</TotalPackageQuantity>"),
        {"AMEND-UNNAMED": "TotalPackageQuantity"},
    ),
    "a new item without pointer": (
        request(amendments("42A/67A/68A[1]") + item("", 3)),
        {"AMEND-UNNAMED": "GoodsShipment/GovernmentAgencyGoodsItem[1]/SequenceNumeric"},
    ),
    "a cancellation without reason": (request("", "INV"), {"CANCEL-REASON": "Amendment[1]"}),
    "a cancellation without words": (request(CANCELLED, "INV"), {"CANCEL-REASON": "Amendment[1]"}),
    "a cancellation for another reason": (
        request(reason("Twice", 1) + "<Amendment><ChangeReasonCode>32</ChangeReasonCode></Amendment>", "INV"),
        {"CANCEL-REASON": "Amendment[1]"},
    ),
    "a cancellation of one value": (
        request(reason("Twice", 1) + CANCELLED.replace("</Amendment>", f"{pointer(NET_MASS)}</Amendment>"), "INV"),
        {"CANCEL-POINTER": "Amendment[1]"},
    ),
    "a cancellation with values": (
        request(reason("Twice", 1) + CANCELLED + MASS, "INV"),
        {"CANCEL-DATA": "GoodsShipment"},
    ),
    "a presentation with changes": (request(amendments(NET_MASS), "GPR"), {"ARRIVAL-CHANGE": "Amendment[1]"}),
    "a presentation with goods": (
        request(MASS, "GPR"),
        {"ARRIVAL-DATA": "GoodsShipment/GovernmentAgencyGoodsItem[1]"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_for_a_named_reason(name: str) -> None:
    content, expected = BAD[name]
    faults = refused(content)
    assert {fault.rule: place(fault.path).removeprefix("Declaration/") for fault in faults} == expected
    for fault in faults:
        assert fault.severity is Severity.HARD
        assert fault.code == "RULE_VIOLATED"
        assert fault.line == 1
        assert fault.text.endswith(".")
        assert fault.advice.endswith(".")


def test_every_rule_has_a_bad_request() -> None:
    elsewhere = {RequestRule.BESIDE, RequestRule.TOO_MANY}
    assert {rule for _, expected in BAD.values() for rule in expected} == set(RequestRule) - elsewhere


def test_all_faults_of_a_request_are_listed_at_once() -> None:
    faults = refused(request(amendments("42A/99Z", "42A#228", "42A#999"), mrn="WRONG"))
    assert [fault.rule for fault in faults] == ["REQUEST-MRN-SHAPE", "AMEND-CLASS", "AMEND-TAG"]


def test_an_amendment_is_read_with_its_changes_reasons_and_values() -> None:
    words = reason("Weighed again", 1) + reason("Both", 1, 2)
    found = requested(request(words + amendments(NET_MASS, "42A[1]#228") + MASS, after=SENDER))
    assert (found.kind, found.mrn, found.reference, found.submitter) == (
        RequestKind.AMENDMENT, MRN, "MINE-1", "GB000000000009",
    )  # fmt: skip
    mass, count = found.changes
    assert (pointer_text(mass.pointer), mass.reason, mass.words) == (NET_MASS, "32", ("Weighed again", "Both"))
    assert (pointer_text(count.pointer), count.words, place(count.at)) == (
        "42A#228",
        ("Both",),
        "Declaration/Amendment[2]",
    )
    assert found.values == {
        "GoodsShipment": {
            "GovernmentAgencyGoodsItem": [
                {"SequenceNumeric": "1", "Commodity": {"GoodsMeasure": {"NetNetWeightMeasure": "9"}}}
            ]
        }
    }


def test_words_that_point_at_no_amendment_explain_the_request() -> None:
    words = reason("Typing error") + reason("Not mine", 2)
    found = requested(request(words + amendments(NET_MASS, "42A#228") + MASS))
    assert found.words == ("Typing error",)
    assert [change.words for change in found.changes] == [(), ("Not mine",)]


def test_faults_are_not_listed_without_end() -> None:
    assert len(refused(request(amendments(*["42A/99Z"] * (FAULTS_SHOWN * 2))))) == FAULTS_SHOWN


def test_a_cancellation_is_read_with_its_words() -> None:
    found = requested(request(reason("Lodged twice", 1) + CANCELLED, "INV", after=SENDER))
    assert (found.kind, found.words, found.submitter) == (
        RequestKind.CANCELLATION, ("Lodged twice",), "GB000000000009",
    )  # fmt: skip
    assert (found.changes, found.values, found.arrival) == ((), None, None)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_any_request_is_read_and_applied_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    tree = random_tree(chance)
    tree |= {
        "FunctionCode": "13",
        "FunctionalReferenceID": "A",
        "ID": MRN,
        "TypeCode": chance.choice(list(RequestKind)),
    }
    tree["Amendment"] = [
        {"ChangeReasonCode": "1", "Pointer": [*_steps(chance)]} for _ in range(chance.choice((1, 2, 5, 20)))
    ]
    found = read_request(Declaration(tree))
    if isinstance(found, Request):
        assert found.kind is not RequestKind.ARRIVAL
        result = apply(random_tree(chance), found.changes, found.values or {})
        assert result.tree is not None or result.faults
    else:
        assert found


def _steps(chance: random.Random) -> list[dict[str, str]]:
    """A way through the model, mostly one that exists."""
    element, steps = ELEMENTS["Declaration"], [{"DocumentSectionCode": "42A"}]
    while chance.random() < 0.85 and element.children:
        element = ELEMENTS[f"{element.path}/{chance.choice(element.children)}"]
        if element.kind == "leaf" or element.is_date:
            steps[-1]["TagID"] = element.wco_id
            break
        steps.append({"DocumentSectionCode": element.wco_id})
        if element.repeatable or chance.random() < 0.1:
            steps[-1]["SequenceNumeric"] = chance.choice(("1", "1", "2", "3", "0"))
    if chance.random() < 0.1:
        chance.choice(steps)[chance.choice(("TagID", "DocumentSectionCode"))] = chance.choice(("XYZ", "006", "03A"))
    return steps
