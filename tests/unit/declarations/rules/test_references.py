"""The trader's own reference is a key, so only plain characters may be in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from singlewindow.declarations.faults import Fault, Severity
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.references import LrnCharacters
from tests.unit.declarations.rules.test_catalogue import put

ITEM = "GoodsShipment/GovernmentAgencyGoodsItem/0"
Breaches = Callable[..., list[str]]
REFUSED = ["hard WCO-LRN-CHARACTERS FunctionalReferenceID"]


@pytest.mark.parametrize(
    "lrn", ["7849431M0ZUP", "U.7847576CMQAK", "R3.9.1_036-A3151", "NEW SAMPLE 9", "INV/2026/001", "A(1)", "X", "A-"]
)
def test_a_reference_of_plain_characters_is_accepted(lrn: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["FunctionalReferenceID"] = lrn
    assert breaches(goods_import) == []


@pytest.mark.parametrize(
    "lrn",
    [
        "KETTLES\u200b1",
        "KETTLES\u202e1",
        "\u0391BC1",
        "KETTLES-1 ",
        " KETTLES-1",
        "CAFE\u0301",
        "KETTLES\n1",
        "../../x",
        "a/../b",
        "%00",
        "'; DROP TABLE",
        "=cmd|1",
        "\uff11\uff12",
    ],
    ids=ascii,
)
def test_a_reference_that_could_be_mistaken_is_refused(lrn: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["FunctionalReferenceID"] = lrn
    assert breaches(goods_import) == REFUSED


@pytest.mark.parametrize(
    ("lrn", "what"),
    [
        ("ut-2\xe9", "U+00E9 (latin small letter e with acute) as character 5"),
        ("'; DROP", "U+0027 (apostrophe) as character 1"),
        ("A%00", "U+0025 (percent sign) as character 2"),
        ("KETTLES ", "U+0020 (blank) as character 8"),
        ("a/../b", '"/.." as character 2'),
    ],
    ids=ascii,
)
def test_what_is_strange_in_a_reference_is_named(
    lrn: str, what: str, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    goods_import["FunctionalReferenceID"] = lrn
    (fault,) = faults_of(goods_import)
    assert fault.text == f'The reference (LRN) "{lrn}" has {what}.'


def test_free_text_and_document_references_may_be_in_any_script(
    goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Description"] = "やかん \u200b 'x'"
    item["Packaging"][0]["MarksNumbersID"] = "水壺"
    item["AdditionalDocument"][0]["ID"] = "Rechnung Nº 5"
    goods_import["BorderTransportMeans"]["ID"] = "MÆRSK"
    assert breaches(goods_import) == []


@pytest.mark.parametrize("letter", [*".-_/()+:,#&= ", "a", "Z", "9"])
def test_the_advice_on_references_names_what_is_accepted_inside(
    letter: str, goods_import: Tree, breaches: Breaches
) -> None:
    goods_import["FunctionalReferenceID"] = f"A{letter}B"
    assert breaches(goods_import) == []
    assert letter.isalnum() or {" ": "blanks"}.get(letter, f" {letter}") in LrnCharacters.advice


@pytest.mark.parametrize("letter", [*"!\"$%'*;<>?@[\\]^`{|}~"])
def test_no_other_sign_of_the_keyboard_is_accepted_in_a_reference(
    letter: str, goods_import: Tree, breaches: Breaches
) -> None:
    goods_import["FunctionalReferenceID"] = f"A{letter}B"
    assert breaches(goods_import) == REFUSED


@pytest.mark.parametrize("last", [*"._-)"])
def test_the_advice_on_references_names_what_may_end_one(last: str, goods_import: Tree, breaches: Breaches) -> None:
    goods_import["FunctionalReferenceID"] = f"A{last}"
    assert breaches(goods_import) == []
    assert last in LrnCharacters.advice.rpartition("end with")[2]


IDENTIFIERS = {
    "declarant": ("Declarant/ID", "GB44455{}6666000"),
    "importer": ("GoodsShipment/Importer/ID", "GB11122{}2333000"),
    "holder": ("AuthorisationHolder/0/ID", "GB11122{}2333000"),
    "carrier": ("Consignment/Carrier/ID", "GB1{}2"),
    "office": ("SupervisingOffice/ID", "GBLBA{}001"),
    "container": ("GoodsShipment/Consignment/TransportEquipment/0/ID", "CONU{}0000017"),
    "container of an item": (f"{ITEM}/Commodity/TransportEquipment", [{"SequenceNumeric": "1", "ID": "CONU{}0000017"}]),
    "seal": ("GoodsShipment/Consignment/TransportEquipment/0/Seal", [{"SequenceNumeric": "1", "ID": "SEAL{}1"}]),
    "MRN": ("ID", "26GB0000000000{}00A1"),
    "UCR": ("GoodsShipment/UCR/TraderAssignedReferenceID", "6GB{}1-2"),
    "commodity code": (f"{ITEM}/Commodity/Classification/0/ID", "7323{}9300"),
}  # fmt: skip


def _filled(value: Any, unseen: str) -> Any:
    return (
        value.format(unseen)
        if isinstance(value, str)
        else [{name: text.format(unseen) for name, text in entry.items()} for entry in value]
    )


@pytest.mark.parametrize("unseen", [" ", "\t", "\u00a0", "\u200b", "\u2060", "\u00ad", "  "], ids=ascii)
@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_an_identifier_of_one_word_holds_nothing_unseen(
    kind: str, unseen: str, goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    path, value = IDENTIFIERS[kind]
    put(goods_import, path, _filled(value, unseen))
    faults = [fault for fault in faults_of(goods_import, country="NO") if fault.severity is Severity.HARD]
    assert [fault.rule for fault in faults] == ["WCO-IDENTIFIER-SPACE"]
    assert f"U+{ord(unseen[0]):04X}" in faults[0].text
    hard = [f.rule for f in faults_of(goods_import) if f.severity is Severity.HARD]
    assert hard == ["WCO-IDENTIFIER-SPACE"]


def test_the_text_says_which_character_it_is_and_where(
    goods_import: Tree, faults_of: Callable[..., list[Fault]]
) -> None:
    goods_import["Declarant"]["ID"] = "GB444\u00a0555666000"
    (fault,) = faults_of(goods_import)
    assert fault.text == "ID has U+00A0 (no-break space) as character 6: 'GB444\\xa0555666000'."


FREE = {
    "document": (f"{ITEM}/AdditionalDocument/0/ID", "INV 7781  A"),
    "previous document": ("GoodsShipment/PreviousDocument/0/ID", "6GB111222333000-KETTLES 1"),
    "invoice": ("GoodsShipment/Invoice/ID", "INV 1"),
    "LRN": ("FunctionalReferenceID", "KETTLES  2026 1"),
    "ship": ("BorderTransportMeans/ID", "RED SEA  STAR"),
    "lorry": ("GoodsShipment/Consignment/ArrivalTransportMeans/ID", "AB 123"),
    "postcode": ("Exporter/Address/PostcodeID", "315 000"),
    "marks": (f"{ITEM}/Packaging/0/MarksNumbersID", "LOT 1"),
}


@pytest.mark.parametrize("kind", FREE)
def test_references_and_names_of_means_of_transport_may_hold_blanks(
    kind: str, goods_import: Tree, breaches: Breaches
) -> None:
    put(goods_import, *FREE[kind])
    assert breaches(goods_import, country="NO") == []


@pytest.mark.parametrize("code", ["8\uff14109000", "\u06684109000", "7323\u00e99300"])
def test_digits_of_other_scripts_are_refused_once(
    code: str, goods_import: Tree, item: Tree, breaches: Breaches
) -> None:
    item["Commodity"]["Classification"][0]["ID"] = code
    hard = [breach for breach in breaches(goods_import) if breach.startswith("hard")]
    assert hard == [
        "hard WCO-IDENTIFIER-CHARACTERS GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/Classification[1]/ID"
    ]
