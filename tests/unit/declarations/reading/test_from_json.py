"""The JSON form is judged as the XML it stands for: the same rules, the same places."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.declarations.samples import document, found, full_class, full_xml, read_json, read_xml


def declared(**members: Any) -> str:
    return json.dumps({"Declaration": {"FunctionCode": "9", **members}})


def test_every_element_of_the_model_reads_as_its_xml_does() -> None:
    message = json.dumps({"MetaData": {"ResponsibleCountryCode": "GB", "Declaration": full_class("Declaration")}})
    assert read_json(message).declaration == read_xml(full_xml()).declaration


def test_the_order_of_keys_is_free_and_the_schema_s_is_restored() -> None:
    reading = read_json('{"Declaration": {"TypeCode": "IMA", "FunctionCode": "9"}}')
    assert list(reading.declaration.tree) == ["FunctionCode", "TypeCode"]


@pytest.mark.parametrize("quantity", [2, "2"])
def test_a_quantity_may_be_a_number_or_a_string(quantity: object) -> None:
    assert read_json(declared(GoodsItemQuantity=quantity)).declaration.tree["GoodsItemQuantity"] == "2"


def test_a_number_keeps_the_digits_that_were_written() -> None:
    reading = read_json('{"Declaration": {"FunctionCode": "9", "InvoiceAmount": 10.500}}')
    assert reading.declaration.tree["InvoiceAmount"] == "10.500"


@pytest.mark.parametrize(
    ("members", "rule", "at"),
    [
        ({"TypeCode": 9}, "SCHEMA-TYPE", "Declaration/TypeCode"),
        ({"TypeCode": None}, "SCHEMA-TYPE", "Declaration/TypeCode"),
        ({"GoodsItemQuantity": True}, "SCHEMA-TYPE", "Declaration/GoodsItemQuantity"),
        ({"Agent": [{"ID": "GB1"}]}, "SCHEMA-TYPE", "Declaration/Agent"),
        ({"Agent": 5}, "SCHEMA-TYPE", "Declaration/Agent"),
        ({"AdditionalDocument": {"ID": "1"}}, "SCHEMA-TYPE", "Declaration/AdditionalDocument[1]"),
        ({"AdditionalDocument": []}, "SCHEMA-TYPE", "Declaration/AdditionalDocument[1]"),
        ({"AdditionalDocument": [{"ID": "1"}, None]}, "SCHEMA-TYPE", "Declaration/AdditionalDocument[2]"),
        ({"InvoiceAmount": {"@currencyID": 1, "#text": 5}}, "SCHEMA-TYPE", "Declaration/InvoiceAmount/@currencyID"),
        ({"FunctionalReferenceID": "a\u0001b"}, "SCHEMA-CHARACTER", "Declaration/FunctionalReferenceID"),
        ({"FunctionalReferenceID": ""}, "SCHEMA-BLANK", "Declaration/FunctionalReferenceID"),
        ({"colour": "red"}, "SCHEMA-UNKNOWN", "Declaration/colour"),
        ({"Agent": {"__proto__": {}}}, "SCHEMA-UNKNOWN", "Declaration/Agent/__proto__"),
        ({"InvoiceAmount": {"@colour": "red", "#text": 5}}, "SCHEMA-ATTRIBUTE", "Declaration/InvoiceAmount/@colour"),
    ],
)
def test_what_has_no_xml_form_is_one_fault_at_its_place(members: dict[str, Any], rule: str, at: str) -> None:
    assert found(read_json(declared(**members))) == [(rule, at)]


@pytest.mark.parametrize(
    "members", [{"status": "RELEASED"}, {"Agent": {"x": 1}}, {"TypeCode": {"@x": "1", "#text": "IMA"}}]
)
def test_an_unknown_member_has_a_code_of_its_own(members: dict[str, Any]) -> None:
    assert [fault.code for fault in read_json(declared(**members)).faults] == ["UNKNOWN_FIELD"]


def test_an_unknown_member_beside_the_declaration_is_a_fault() -> None:
    assert found(read_json('{"Declaration": {"FunctionCode": "9"}, "trader_id": 7}')) == [
        ("SCHEMA-UNKNOWN", "trader_id")
    ]


@pytest.mark.parametrize(
    ("xml", "members"),
    [
        ("<TypeCode>IMAX</TypeCode>", {"TypeCode": "IMAX"}),
        ("<Agent/><Agent/>", {"Agent": [{}, {}]}),
        ("<Agent>text</Agent>", {"Agent": "text"}),
        ("<GoodsItemQuantity>1.5</GoodsItemQuantity>", {"GoodsItemQuantity": 1.5}),
        (
            "<AdditionalDocument/><AdditionalDocument><ID> </ID></AdditionalDocument>",
            {"AdditionalDocument": [{}, {"ID": " "}]},
        ),
        (
            "<GoodsShipment><GovernmentAgencyGoodsItem/></GoodsShipment>",
            {"GoodsShipment": {"GovernmentAgencyGoodsItem": [{}]}},
        ),
        ("<colour/>", {"colour": ""}),
    ],
)
def test_both_forms_give_the_same_rules_at_the_same_places(xml: str, members: dict[str, Any]) -> None:
    in_xml = read_xml(document(f"<FunctionCode>9</FunctionCode>{xml}"))
    assert found(in_xml) == found(read_json(declared(**members))) != []


def test_a_missing_element_is_named_as_in_xml() -> None:
    assert found(read_json('{"Declaration": {}}')) == found(read_xml(document("")))


def test_neighbours_of_a_broken_entry_keep_their_places() -> None:
    message = declared(AdditionalDocument=[None, {"TypeCode": "LONG"}])
    assert ("SCHEMA-LENGTH", "Declaration/AdditionalDocument[2]/TypeCode") in found(read_json(message))


def test_a_json_message_has_no_lines() -> None:
    reading = read_json(declared(TypeCode="IMAX"))
    assert (reading.faults[0].line, reading.line_of(reading.faults[0].path)) == (None, None)


def test_a_metadata_that_is_no_object_is_a_fault() -> None:
    assert found(read_json('{"MetaData": []}')) == [("SCHEMA-TYPE", "MetaData")]


def test_a_flood_of_faults_is_bounded() -> None:
    reading = read_json(json.dumps({"Declaration": {f"a{n}": 1 for n in range(10_000)}}))
    assert len(reading.faults) <= 1_000
    assert reading.broken_paths == {"Declaration"}
