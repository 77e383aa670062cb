"""Responses are written as the schema and their readers expect."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from lxml import etree

from singlewindow.declarations.elements import DECLARATION_NAMESPACE
from singlewindow.declarations.pointers import WcoStep
from singlewindow.declarations.reading.schema import is_valid
from singlewindow.declarations.writing.response import (
    AdditionalInformation,
    Amendment,
    Response,
    ResponseError,
    response_json,
    response_tree,
    response_xml,
)

AT = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)
REFERENCE = "0123456789abcdef0123456789abcdef"
CHAIN = (WcoStep("42A"), WcoStep("67A"), WcoStep("68A", 3), WcoStep("23A"), WcoStep("65A", None, "128"))
CHANGED = {"FunctionCode": "9", "InvoiceAmount": {"@currencyID": "GBP", "#text": "5"}}


def notification(code: str, **parts: object) -> Response:
    return Response(code, REFERENCE, AT, "LRN-1", "26GB00000000000017", 1, **parts)  # type: ignore[arg-type]


KINDS = {
    "accepted": notification("01", accepted_at=AT),
    "rejected": notification(
        "03",
        rejected_at=AT,
        errors=(ResponseError("CDS12016", "too old", CHAIN), ResponseError("GB-EXIT-OFFICE", "none")),
    ),
    "control": notification("05"),
    "documents": notification("06", information=(AdditionalInformation("ACA", "ACA", limit=AT),)),
    "released": notification("08", information=(AdditionalInformation("AFB", "A1"),)),
    "cancelled": notification("10", cancelled_at=AT),
    "answered": notification("11", status_code="39"),
    "changed": notification(
        "07",
        amendments=(Amendment("32", CHAIN), Amendment(None, CHAIN[:3])),
        information=(AdditionalInformation("AES", None, "weighed", pointer=(WcoStep("07B"), WcoStep("06A", 1))),),
        values={**CHANGED, "GoodsShipment": {"GovernmentAgencyGoodsItem": [{"SequenceNumeric": "3", "Commodity": {}}]}},
    ),
    "gone": notification(
        "16", status_code="A1", effective_at=AT, information=(AdditionalInformation("CEX", "GB000060"),)
    ),
    "left out": Response("01", REFERENCE, AT, None, None),
    "release time": notification("08", released_at=AT),
    "pointed": notification(
        "07",
        information=(
            AdditionalInformation("AES", None, "a\nb\x00" + "x" * 900, pointer=(WcoStep("07B"), WcoStep("06A", 1))),
        ),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_response_is_valid(kind: str) -> None:
    assert is_valid(etree.fromstring(response_xml([KINDS[kind]])))


def test_several_responses_share_an_envelope() -> None:
    root = etree.fromstring(response_xml(list(KINDS.values())))
    assert is_valid(root)
    assert len(root.findall("{*}Response")) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_form_holds_the_same_as_the_xml(kind: str) -> None:
    (entry,) = json.loads(response_json([KINDS[kind]]))["MetaData"]["Response"]
    written = etree.fromstring(response_xml([KINDS[kind]])).find("{*}Response")
    assert written is not None
    assert sorted(_texts(entry)) == sorted(text for text in written.itertext() if text)


def _texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for name, value in node.items() if not name.startswith("@") for text in _texts(value)]
    return [text for entry in node for text in _texts(entry)] if isinstance(node, list) else [str(node)]


def test_changes_are_told_with_their_place_and_their_new_values() -> None:
    response = notification("07", amendments=(Amendment("32", CHAIN),), values=CHANGED)
    written = etree.fromstring(response_xml([response])).find("{*}Response")
    assert written is not None
    steps = written.findall("{*}Amendment/{*}Pointer")
    assert ["".join(step.itertext()) for step in steps] == ["42A", "67A", "368A", "23A", "65A128"]
    assert written[-1].tag == f"{{{DECLARATION_NAMESPACE}}}Declaration"
    assert written[-1].findtext("{*}InvoiceAmount") == "5"
    (entry,) = json.loads(response_json([response]))["MetaData"]["Response"]
    assert entry["Declaration"]["ID"] == "26GB00000000000017"
    assert entry["dec:Declaration"] == CHANGED


def test_a_state_is_told_with_its_time() -> None:
    tree = response_tree(notification("16", status_code="A1", effective_at=AT))
    at = {"DateTimeString": {"@formatCode": "304", "#text": "20260131123015Z"}}
    assert tree["Status"] == [{"EffectiveDateTime": at, "NameCode": "A1"}]


def test_times_are_written_in_utc() -> None:
    later = AT.astimezone(timezone(timedelta(hours=5)))
    tree = response_tree(notification("01", accepted_at=later))
    assert tree["Declaration"]["AcceptanceDateTime"] == {
        "DateTimeString": {"@formatCode": "304", "#text": "20260131123015Z"}
    }


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        response_tree(notification("01", accepted_at=AT.replace(tzinfo=None)))


def test_an_error_names_its_place_step_by_step() -> None:
    (error, _) = response_tree(KINDS["rejected"])["Error"]
    assert error["Pointer"][2:] == [
        {"SequenceNumeric": "3", "DocumentSectionCode": "68A"},
        {"DocumentSectionCode": "23A"},
        {"DocumentSectionCode": "65A", "TagID": "128"},
    ]


def test_a_rule_of_eight_characters_is_the_validation_code() -> None:
    error = response_tree(KINDS["rejected"])["Error"][0]
    assert (error["ValidationCode"], error["Description"]) == ("CDS12016", "too old")


def test_a_longer_rule_leads_the_words() -> None:
    assert response_tree(KINDS["rejected"])["Error"][1] == {"Description": "GB-EXIT-OFFICE: none"}


def test_a_description_is_one_line_of_at_most_512_characters() -> None:
    words = response_tree(KINDS["pointed"])["AdditionalInformation"][0]["StatementDescription"]
    assert words == "a b " + "x" * 508
