"""Another document, a wrapper or another country's profile is told what it is, in XML and in JSON."""

from __future__ import annotations

import json

import pytest

from singlewindow.declarations.faults import Refused
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, validate
from tests.places import CONFIGURATION
from tests.unit.declarations.samples import DEC, MD, document

NINE = "<FunctionCode>9</FunctionCode>"
BODY = document().decode()
ENVELOPE = f'<m:MetaData xmlns:m="{MD}">{BODY}</m:MetaData>'
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture(scope="module")
def rulebooks() -> Rulebooks:
    return load_rulebooks(CONFIGURATION)


def refusal(content: bytes, media: Media) -> str:
    with pytest.raises(Refused) as refused:
        read_message(content, media)
    assert refused.value.code == "UNKNOWN_DOCUMENT_TYPE"
    return refused.value.text


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("<html/>", '"html" in no namespace'),
        (f"<Declaration>{NINE}</Declaration>", '"Declaration" in no namespace'),
        (BODY.replace("DEC-DMS:2", "DEC-DMS:3"), '"Declaration" in the namespace "urn:wco:datamodel:WCO:DEC-DMS:3"'),
        (f'<MetaData xmlns="{MD}3">{BODY[:0]}</MetaData>', f'"MetaData" in the namespace "{MD}3"'),
        ('<Invoice xmlns="urn:oasis:names:ubl"/>', '"Invoice" in the namespace "urn:oasis:names:ubl"'),
    ],
)
def test_another_root_is_named_beside_the_right_ones(content: str, found: str) -> None:
    text = refusal(content.encode(), Media.XML)
    assert f"The root of the message is {found}." in text
    assert MD in text
    assert f"{DEC}." in text


@pytest.mark.parametrize("inside", [f'<Declaration xmlns="urn:x">{NINE}</Declaration>', '<Response xmlns="urn:y"/>'])
def test_a_foreign_content_of_the_envelope_is_named(inside: str) -> None:
    text = refusal(f'<MetaData xmlns="{MD}">{inside}</MetaData>'.encode(), Media.XML)
    assert text.startswith("The MetaData contains ")
    assert inside.split('"')[1] in text


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{ENVELOPE}</e:Body></e:Envelope>', "MetaData"),
        (f'<e:Envelope xmlns:e="{SOAP}"><e:Header/><e:Body><a>{ENVELOPE}</a></e:Body></e:Envelope>', "MetaData"),
        (f'<submitDeclarationRequest xmlns="urn:x">{ENVELOPE}</submitDeclarationRequest>', "MetaData"),
        (f"<message>{BODY}</message>", "Declaration"),
        (f"<a><b/><b><c>{BODY}</c></b></a>", "Declaration"),
    ],
)
def test_what_is_inside_a_wrapper_is_asked_for(content: str, name: str) -> None:
    assert f"Send only the {name} inside" in refusal(content.encode(), Media.XML)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"Envelope": {"Body": {"MetaData": {"Declaration": {}}}}}, "MetaData"),
        ({"submitDeclarationRequest": {"MetaData": {"Declaration": {}}}}, "MetaData"),
        ({"data": [{"id": "1"}, {"Declaration": {"FunctionCode": "9"}}]}, "Declaration"),
        ({"payload": {"Declaration": {}}, "metadata": {}}, "Declaration"),
        ({"a": {"b": {"c": {"d": {"MetaData": {}}}}}}, "MetaData"),
    ],
)
def test_what_is_inside_a_json_wrapper_is_asked_for(message: object, name: str) -> None:
    assert f"Send only the {name} inside" in refusal(json.dumps(message).encode(), Media.JSON)


@pytest.mark.parametrize(
    "message", [{"declaration": {}}, {"Response": {}}, {}, {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}]
)
def test_the_members_of_another_object_are_named(message: dict[str, object]) -> None:
    text = refusal(json.dumps(message).encode(), Media.JSON)
    assert all(f'"{name}"' in text for name in list(message)[:4])


def both_forms(elements: dict[str, object], rulebooks: Rulebooks) -> list[Validated]:
    def xml(name: str, value: object) -> str:
        inner = "".join(xml(*pair) for pair in value.items()) if isinstance(value, dict) else str(value)
        return f"<{name}>{inner}</{name}>"

    content = document("".join(xml(*pair) for pair in elements.items()))
    as_json = json.dumps({"Declaration": elements}).encode()
    return [validate(content, Media.XML, rulebooks), validate(as_json, Media.JSON, rulebooks)]


FOREIGN = [
    {"FunctionCode": "1", "DeclarationOffice": {"ID": "NO123"}},
    {"FunctionCode": "4", "VersionID": "2", "Warehouse": {"ID": "R1"}},
    {"FunctionCode": "5", "GoodsShipment": {"SequenceNumeric": "1", "EntryCustomsOffice": {"ID": "X"}}},
    {"FunctionCode": "9", "VersionID": "1", "RejectionDateTime": "x", "DutyTaxFee": {"TypeCode": "1"}},
    {"FunctionCode": "9", "LanguageCode": "NO", "Payer": {"ID": "1"}, "UnloadingLocation": {"ID": "NOOSL"}},
]


@pytest.mark.parametrize("elements", FOREIGN)
def test_another_profile_is_named_before_all_faults(elements: dict[str, object], rulebooks: Rulebooks) -> None:
    for validated in both_forms(elements, rulebooks):
        first = validated.faults[0]
        assert (first.rule, first.code) == ("SCHEMA-PROFILE", "OTHER_PROFILE")
        assert "declarations for GB" in first.advice
        assert "docs/data-elements.md" in first.advice
        assert len(validated.faults) > 1


@pytest.mark.parametrize(
    "elements",
    [
        {"FunctionCode": "9", "Exportr": {"ID": "GB1"}},
        {"FunctionCode": "9", "TypCode": "IMA", "Typecode": "IMA"},
        {"FunctionCode": "4", "TypeCode": "IMA"},
        {"FunctionCode": "9", "TypeCode": "IMA"},
        {"FunctionCode": "09", "FunctionalReferenceID": "X"},
    ],
)
def test_a_slip_is_not_taken_for_another_profile(elements: dict[str, object], rulebooks: Rulebooks) -> None:
    for validated in both_forms(elements, rulebooks):
        assert "SCHEMA-PROFILE" not in {fault.rule for fault in validated.faults}


def test_a_flood_of_foreign_elements_keeps_to_what_is_shown(rulebooks: Rulebooks) -> None:
    many: dict[str, object] = {"FunctionCode": "4", **{f"Foreign{number}": "x" for number in range(300)}}
    for validated in both_forms(many, rulebooks):
        assert validated.faults[0].rule == "SCHEMA-PROFILE"
        assert len(validated.faults) == 100
