"""What the schema refuses is explained: all faults at once, each at its place, in words."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from singlewindow.declarations.reading.explain import explain
from singlewindow.declarations.reading.from_xml import trim_values
from singlewindow.declarations.reading.intake import Reading
from singlewindow.declarations.reading.schema import is_valid
from tests.processor_time import least_seconds
from tests.properties import tries
from tests.unit.declarations.mutations import mutate
from tests.unit.declarations.samples import MD, corpus, document, found, full_xml, place, read_json, read_xml

NINE = "<FunctionCode>9</FunctionCode>"
ACCEPTED = '<AcceptanceDateTime><ds:DateTimeString formatCode="102">{}</ds:DateTimeString></AcceptanceDateTime>'
LRN = "<FunctionalReferenceID>L1</FunctionalReferenceID>"


@settings(deadline=None, max_examples=tries(3))
@given(st.integers(min_value=0, max_value=2**32))
def test_the_walk_finds_a_fault_if_and_only_if_the_schema_refuses(seed: int) -> None:
    root = mutate(etree.fromstring(full_xml()), random.Random(seed))
    declaration = root[-1] if len(root) else None
    if declaration is None or etree.QName(declaration).localname != "Declaration":
        return
    found = bool(explain(root).faults)
    trim_values(root)
    assert found != is_valid(root)


def test_the_walk_over_a_published_declaration_finds_nothing() -> None:
    assert [file.name for file in corpus("uk") if explain(_parsed(file.read_bytes())).faults] == []


def _parsed(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(remove_comments=True))


def test_the_walk_reads_a_valid_declaration_as_the_fast_way_does() -> None:
    assert explain(_parsed(full_xml())).tree == read_xml(full_xml()).declaration.tree


@pytest.mark.parametrize("code", ["1", "4", "13x", ""])
def test_a_function_that_is_not_taken_leads_to_the_one_that_is(code: str) -> None:
    (fault,) = read_xml(document(f"<FunctionCode>{code}</FunctionCode>")).faults
    assert fault.text == f'FunctionCode is "{code}"; only 9 is accepted.'
    assert fault.advice == "Write 9: this service accepts originals only."


@pytest.mark.parametrize(
    ("content", "rule", "at"),
    [
        (f"{NINE}<Colour>red</Colour>", "SCHEMA-UNKNOWN", "Declaration/Colour"),
        (f"{LRN}{NINE}", "SCHEMA-ORDER", "Declaration/FunctionalReferenceID"),
        (f"{NINE}{LRN}{LRN}", "SCHEMA-REPEATED", "Declaration/FunctionalReferenceID[2]"),
        (LRN, "SCHEMA-MISSING", "Declaration/FunctionCode"),
        (f"{NINE}<TypeCode>IMAX</TypeCode>", "SCHEMA-LENGTH", "Declaration/TypeCode"),
        (
            f"{NINE}<FunctionalReferenceID> </FunctionalReferenceID>",
            "SCHEMA-BLANK",
            "Declaration/FunctionalReferenceID",
        ),
        (
            f"{NINE}<FunctionalReferenceID>A\nB</FunctionalReferenceID>",
            "SCHEMA-LINE-BREAK",
            "Declaration/FunctionalReferenceID",
        ),
        ("<FunctionCode>10</FunctionCode>", "SCHEMA-ENUM", "Declaration/FunctionCode"),
        (f"{NINE}<GoodsItemQuantity>one</GoodsItemQuantity>", "SCHEMA-DECIMAL", "Declaration/GoodsItemQuantity"),
        (f"{NINE}<GoodsItemQuantity>1.5</GoodsItemQuantity>", "SCHEMA-DIGITS", "Declaration/GoodsItemQuantity"),
        (
            f'{NINE}<InvoiceAmount currencyID="gbp">1</InvoiceAmount>',
            "SCHEMA-PATTERN",
            "Declaration/InvoiceAmount/@currencyID",
        ),
        (
            f'{NINE}<InvoiceAmount colour="red">1</InvoiceAmount>',
            "SCHEMA-ATTRIBUTE",
            "Declaration/InvoiceAmount/@colour",
        ),
        (f"{NINE}stray", "SCHEMA-TEXT", "Declaration"),
        (f"{NINE}<TypeCode><A/></TypeCode>", "SCHEMA-CONTENT", "Declaration/TypeCode"),
        (
            f"<AcceptanceDateTime><ds:DateTimeString>20260101</ds:DateTimeString></AcceptanceDateTime>{NINE}",
            "SCHEMA-ATTRIBUTE-MISSING",
            "Declaration/AcceptanceDateTime/DateTimeString/@formatCode",
        ),
        (
            '<AcceptanceDateTime><ds:DateTimeString formatCode="102">today</ds:DateTimeString></AcceptanceDateTime>'
            + NINE,
            "SCHEMA-DATE",
            "Declaration/AcceptanceDateTime/DateTimeString",
        ),
        (
            f"<AcceptanceDateTime><DateTimeString/></AcceptanceDateTime>{NINE}",
            "SCHEMA-UNKNOWN",
            "Declaration/AcceptanceDateTime/DateTimeString",
        ),
    ],
)
def test_a_fault_has_its_rule_and_its_place(content: str, rule: str, at: str) -> None:
    assert (rule, at) in found(read_xml(document(content)))


def test_faults_on_both_sides_of_a_misplaced_element_are_found() -> None:
    agent = "<Agent><FunctionCode>toolong</FunctionCode></Agent>"
    content = f"<TypeCode>IMAX</TypeCode>{NINE}<GoodsItemQuantity>x</GoodsItemQuantity>{agent}"
    rules = [rule for rule, _ in found(read_xml(document(content)))]
    assert sorted(rules) == ["SCHEMA-DECIMAL", "SCHEMA-LENGTH", "SCHEMA-LENGTH", "SCHEMA-ORDER"]


def test_only_the_element_that_must_move_is_called_misplaced() -> None:
    content = f"<PresentationOffice/>{NINE}{LRN}<TypeCode>IMA</TypeCode>"
    assert found(read_xml(document(content))) == [("SCHEMA-ORDER", "Declaration/PresentationOffice")]


def test_a_repeated_class_is_named_by_its_position() -> None:
    content = f"{NINE}<AdditionalDocument/><AdditionalDocument><TypeCode>LONG</TypeCode></AdditionalDocument>"
    assert found(read_xml(document(content))) == [("SCHEMA-LENGTH", "Declaration/AdditionalDocument[2]/TypeCode")]


def test_what_is_clean_stays_in_the_tree() -> None:
    reading = read_xml(document(f"{NINE}{LRN}<TypeCode>IMAX</TypeCode>"))
    assert reading.declaration.tree == {"FunctionCode": "9", "FunctionalReferenceID": "L1"}


def test_broken_paths_name_the_faults_without_positions() -> None:
    reading = read_xml(
        document(f"{NINE}<AdditionalDocument/><AdditionalDocument><TypeCode>LONG</TypeCode></AdditionalDocument>")
    )
    assert reading.broken_paths == {"Declaration/AdditionalDocument/TypeCode"}


def test_a_fault_says_on_which_line_it_is() -> None:
    reading = read_xml(document(f"\n{NINE}\n\n<TypeCode>IMAX</TypeCode>"))
    assert [fault.line for fault in reading.faults] == [4]


def test_a_length_fault_says_how_long_and_how_long_it_may_be() -> None:
    reading = read_xml(document(f"{NINE}<TypeCode>IMAX</TypeCode>"))
    assert reading.faults[0].text == "TypeCode has 4 characters; at most 3 are allowed."


COUNTRY = "it must be the two capital letters of ISO 3166 for a country, such as GB."
HEADER = f'<MetaData xmlns="{MD}"><{{0}}>{{1}}</{{0}}>{document().decode()}</MetaData>'
WORDS = {
    "name in the header": (
        HEADER.format("WCOTypeName", "D" * 71), "WCOTypeName has 71 characters; at most 70 are allowed."),
    "country of export": (
        f"{NINE}<GoodsShipment><ExportCountry><ID>CHN</ID></ExportCountry></GoodsShipment>", f'ID is "CHN"; {COUNTRY}'),
    "currency": (
        f"{NINE}<CurrencyExchange><CurrencyTypeCode>EURO</CurrencyTypeCode></CurrencyExchange>",
        'CurrencyTypeCode is "EURO"; it must be the three capital letters of ISO 4217 for a currency, such as GBP.'),
    "delivery terms": (
        f"{NINE}<GoodsShipment><TradeTerms><ConditionCode>CI</ConditionCode></TradeTerms></GoodsShipment>",
        'ConditionCode is "CI"; it must be the three capital letters of an Incoterms rule, such as CIF.'),
    "mode": (
        f"{NINE}<BorderTransportMeans><ModeCode>sea</ModeCode></BorderTransportMeans>",
        'ModeCode is "sea"; it must be 1 digit.'),
    "1999": (f"{ACCEPTED.format('19991231')}{NINE}",
             'DateTimeString is "19991231": its year is 1999; it must be from 2000 to 2099.'),
    "the day first": (f"{ACCEPTED.format('31012026')}{NINE}",
                      'DateTimeString is "31012026": its year is 3101; it must be from 2000 to 2099.'),
    "2100, a moment": (f"{ACCEPTED.format('21000101000000Z')}{NINE}",
                       'DateTimeString is "21000101000000Z": '
                       "its year is 2100; it must be from 2000 to 2099."),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS)
def test_the_words_name_what_is_right(case: str) -> None:
    content, words = WORDS[case]
    reading = read_xml(content.encode() if content.startswith("<MetaData") else document(content))
    assert [fault.text for fault in reading.faults] == [words]


def test_a_hostile_value_is_not_echoed_as_it_is() -> None:
    reading = read_xml(document(f"{NINE}<GoodsItemQuantity>\u202e{'9' * 200}</GoodsItemQuantity>"))
    assert "\u202e" not in reading.faults[0].text
    assert len(reading.faults[0].text) < 150


@pytest.mark.parametrize(
    ("value", "code"), [("1.5", "VALUE_OUT_OF_RANGE"), ("1e-30", "VALUE_OUT_OF_RANGE"), ("x", "SCHEMA_INVALID")]
)
def test_a_number_out_of_bounds_has_its_own_code(value: str, code: str) -> None:
    reading = read_xml(document(f"{NINE}<GoodsItemQuantity>{value}</GoodsItemQuantity>"))
    assert [fault.code for fault in reading.faults] == [code]


@pytest.mark.parametrize(
    "content", ["<TypeCode>IMAX</TypeCode>", f"<FunctionalReferenceID>{'A' * 36}</FunctionalReferenceID>"]
)
def test_a_value_that_is_too_long_has_the_code_that_says_so(content: str) -> None:
    assert [fault.code for fault in read_xml(document(NINE + content)).faults] == ["VALUE_TOO_LONG"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<Colour>red</Colour>", "UNKNOWN_FIELD"),
        ('<TypeCode colour="red">IMA</TypeCode>', "UNKNOWN_FIELD"),
        ('<f:Colour xmlns:f="urn:f">red</f:Colour>', "SCHEMA_INVALID"),
        ('<f:TypeCode xmlns:f="urn:f">IMA</f:TypeCode>', "SCHEMA_INVALID"),
    ],
)
def test_an_unknown_name_has_the_code_it_has_in_json_and_a_foreign_one_is_against_the_schema(
    content: str, code: str
) -> None:
    assert [fault.code for fault in read_xml(document(NINE + content)).faults] == [code]


def test_what_is_only_out_of_order_is_still_judged_by_the_rules() -> None:
    reading = read_xml(document(f"{NINE}<GoodsItemQuantity>2</GoodsItemQuantity><TypeCode>IMA</TypeCode>"))
    assert found(reading) == [("SCHEMA-ORDER", "Declaration/GoodsItemQuantity")]
    assert reading.broken_paths == frozenset()
    assert reading.declaration.tree["GoodsItemQuantity"] == "2"


def test_header_faults_are_placed_in_the_envelope() -> None:
    content = full_xml().replace(b"ResponsibleCountryCode", b"ResponsibleCountry")
    assert found(read_xml(content)) == [("SCHEMA-UNKNOWN", "MetaData/ResponsibleCountry")]


def test_the_publishers_own_bad_example_is_explained() -> None:
    if not corpus("uk_invalid"):
        return
    (file,) = [file for file in corpus("uk_invalid") if "400" in file.name]
    assert [place(fault.path) for fault in read_xml(file.read_bytes()).faults] == [
        "Declaration/unknown",
        "Declaration/FunctionCode",
    ]


def test_an_unknown_name_is_not_among_the_broken_paths() -> None:
    assert read_xml(document(f"{NINE}<Colour/>")).broken_paths == frozenset()


FLOODS = {
    "unknown elements": "<a/>" * 100_000,
    "repeated elements": "<Agent/>" * 100_000,
    "elements out of order": "<PresentationOffice/><Agent/>" * 50_000,
    "text between elements": "<Agent/>x" * 100_000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_faults_is_explained_in_time_and_not_without_end(flood: str) -> None:
    content = document(NINE + FLOODS[flood])
    readings: list[Reading] = []
    assert least_seconds(lambda: readings.append(read_xml(content)), enough=3) < 3
    assert len(readings[0].faults) <= 1_000


EMPTY = {"goods items": "GoodsShipment/GovernmentAgencyGoodsItem", "itineraries": "Consignment/Itinerary"}


@pytest.mark.parametrize("media", ["xml", "json"])
@pytest.mark.parametrize("kind", EMPTY)
def test_wrong_siblings_cost_no_more_than_their_number(kind: str, media: str) -> None:
    """Four times as many may take four times as long; with the square of their number it would be sixteen times."""
    assert _seconds(kind, media, 6_000) < 8 * _seconds(kind, media, 1_500)


def _seconds(kind: str, media: str, count: int) -> float:
    holder, _, name = EMPTY[kind].partition("/")

    def refuse() -> None:
        if media == "json":
            reading = read_json(json.dumps({"Declaration": {"FunctionCode": "9", holder: {name: [{}] * count}}}))
        else:
            reading = read_xml(document(f"{NINE}<{holder}>{f'<{name}/>' * count}</{holder}>"))
        assert (len(reading.faults), reading.broken_paths >= {"Declaration"}) == (1_000, True)

    return least_seconds(refuse, enough=0)
