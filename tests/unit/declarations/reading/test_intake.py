"""A message becomes a declaration: without unseen characters around its values, with its header and lines."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from singlewindow.declarations.faults import Refused, Step
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading import explain as explaining
from singlewindow.declarations.reading.explain import Explained
from singlewindow.declarations.reading.intake import Media, Reading, read_message
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.unit.declarations.samples import MD, corpus, document, found, full_class, full_xml, read_json, read_xml

NINE = "<FunctionCode>9</FunctionCode>"


def test_every_element_of_the_model_is_read_into_its_place() -> None:
    assert read_xml(full_xml()).declaration.tree == full_class("Declaration")


def test_a_list_of_one_is_a_list() -> None:
    tree = read_xml(document(f"{NINE}<AdditionalDocument><ID>1</ID></AdditionalDocument>")).declaration.tree
    assert tree["AdditionalDocument"] == [{"ID": "1"}]


def test_white_space_around_codes_and_numbers_is_taken_off() -> None:
    content = "<FunctionCode>\n 9 </FunctionCode><TypeCode> I  M\n</TypeCode><GoodsItemQuantity> 2 </GoodsItemQuantity>"
    tree = read_xml(document(content)).declaration.tree
    assert tree == {"FunctionCode": "9", "TypeCode": "I M", "GoodsItemQuantity": "2"}


UNSEEN = {
    "blank": " ", "blanks": "   ", "tab": "\t", "line break": "\n", "no-break space": "\u00a0", "thin": "\u2009",
    "ideographic": "\u3000", "line separator": "\u2028", "zero width space": "\u200b", "joiner": "\u200d",
    "word joiner": "\u2060", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "right to left": "\u200f",
    "filler": "\u3164", "tag": "\U000e0020", "several": " \u200b\u00a0\t",
}  # fmt: skip
WRITTEN: Tree = {
    "FunctionCode": "9",
    "FunctionalReferenceID": "A  1",
    "TypeCode": "IMA",
    "GoodsItemQuantity": "2",
    "InvoiceAmount": {"@currencyID": "GBP", "#text": "10.5"},
    "Declarant": {"Name": "Ædele Ørn", "ID": "GB123456789012345", "Address": {"CountryCode": "GB"}},
    "GoodsShipment": {
        "Consignment": {"TransportEquipment": [{"SequenceNumeric": "1", "ID": "MSKU1234565", "Seal": [
            {"SequenceNumeric": "1", "ID": "S 1"}]}]},
        "ExitDateTime": {"DateTimeString": {"@formatCode": "102", "#text": "20260131"}},
    },
}  # fmt: skip


def _around(node: Any, unseen: str) -> Any:
    if isinstance(node, dict):
        return {name: _around(value, unseen) for name, value in node.items()}
    return [_around(each, unseen) for each in node] if isinstance(node, list) else f"{unseen}{node}{unseen}"


@pytest.mark.parametrize("media", list(Media))
@pytest.mark.parametrize("kind", UNSEEN)
def test_unseen_characters_around_any_value_are_no_content(kind: str, media: Media) -> None:
    header = {"WCOTypeName": "DEC", "ResponsibleCountryCode": "GB"}
    around = Declaration(_around(WRITTEN, UNSEEN[kind]), _around(header, UNSEEN[kind]))
    reading = read_message((to_json if media is Media.JSON else to_xml)(around, enveloped=True), media)
    assert (reading.faults, reading.declaration) == ((), Declaration(WRITTEN, header))


@pytest.mark.parametrize("media", list(Media))
@pytest.mark.parametrize("kind", UNSEEN)
@pytest.mark.parametrize("leaf", ["FunctionalReferenceID", "TypeCode", "DeclarationOfficeID"])
def test_a_value_of_unseen_characters_only_is_blank(leaf: str, kind: str, media: Media) -> None:
    blank = Declaration({"FunctionCode": "9", leaf: UNSEEN[kind]})
    reading = read_message((to_json if media is Media.JSON else to_xml)(blank, enveloped=False), media)
    assert found(reading) == [("SCHEMA-BLANK", f"Declaration/{leaf}")]
    assert reading.declaration.tree == {"FunctionCode": "9"}


def test_a_blank_value_is_the_only_fault_that_is_told_where_others_have_blanks_around_them() -> None:
    content = f"{NINE}<FunctionalReferenceID>\u200b</FunctionalReferenceID><TypeCode> IMA </TypeCode>"
    reading = read_xml(document(content))
    assert found(reading) == [("SCHEMA-BLANK", "Declaration/FunctionalReferenceID")]
    assert reading.declaration.type_code == "IMA"


def test_a_fault_elsewhere_does_not_bring_the_white_space_back() -> None:
    content = f"{NINE}<FunctionalReferenceID>A1 \u00a0</FunctionalReferenceID><TypeCode>IMAX</TypeCode>"
    reading = read_xml(document(content))
    assert (found(reading), reading.declaration.lrn) == ([("SCHEMA-LENGTH", "Declaration/TypeCode")], "A1")


@pytest.mark.parametrize("inner", ["A  1", "A\t1", "A\u00a01", "A\u200b1"], ids=ascii)
def test_what_is_inside_a_text_stays_as_sent(inner: str) -> None:
    content = f"{NINE}<FunctionalReferenceID>{inner}</FunctionalReferenceID>"
    assert read_xml(document(content)).declaration.lrn == inner


def test_json_with_a_byte_order_mark_is_read_as_xml_with_one_is() -> None:
    mark = b"\xef\xbb\xbf"
    for content, media in ((document(), Media.XML), (b'{"Declaration": {"FunctionCode": "9"}}', Media.JSON)):
        assert read_message(mark + content, media).declaration == read_message(content, media).declaration


def test_an_attribute_is_trimmed_too() -> None:
    content = f'{NINE}<InvoiceAmount currencyID=" GBP ">1</InvoiceAmount>'
    assert read_xml(document(content)).declaration.tree["InvoiceAmount"] == {"@currencyID": "GBP", "#text": "1"}


def test_the_envelope_s_header_is_kept() -> None:
    content = f'<MetaData xmlns="{MD}"><WCOTypeName>DEC</WCOTypeName>{document().decode()}</MetaData>'.encode()
    reading = read_xml(content)
    assert (reading.enveloped, reading.declaration.header) == (True, {"WCOTypeName": "DEC"})


def test_a_bare_declaration_has_no_header() -> None:
    reading = read_xml(document())
    assert (reading.enveloped, reading.declaration.header) == (False, {})


def test_the_line_of_a_path_is_found() -> None:
    reading = read_xml(
        document(f"{NINE}\n<AdditionalDocument/>\n<AdditionalDocument>\n<ID>1</ID></AdditionalDocument>")
    )
    assert reading.line_of((Step("Declaration"), Step("AdditionalDocument", 2), Step("ID"))) == 4


def test_an_absent_element_has_the_line_of_what_it_would_stand_in() -> None:
    reading = read_xml(document(f"{NINE}\n<Agent/>"))
    assert reading.line_of((Step("Declaration"), Step("Agent"), Step("Address"), Step("Line"))) == 2


def test_all_published_declarations_are_read_without_a_fault() -> None:
    assert [file.name for file in corpus("uk") if read_xml(file.read_bytes()).faults] == []


def test_published_declarations_that_were_rejected_for_their_content_pass_the_schema() -> None:
    files = [file for file in corpus("uk_rejected") if not file.stem.endswith("Notification")]
    assert [file.name for file in files if read_xml(file.read_bytes()).faults] == []


def test_repaired_copies_of_broken_publications_are_valid() -> None:
    assert [file.name for file in corpus("uk_invalid/repaired") if read_xml(file.read_bytes()).faults] == []


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("TT_IM084a", "XML_NOT_WELL_FORMED", 164),
        ("TT_EX022a", "XML_NOT_WELL_FORMED", 52),
        ("TT_EX002a", "XML_NOT_WELL_FORMED", 72),
        ("TT_IM222a", "UNKNOWN_DOCUMENT_TYPE", 2),
    ],
)
def test_a_broken_publication_is_refused_at_the_right_line(name: str, code: str, line: int) -> None:
    (file,) = [file for file in corpus("uk_invalid") if file.stem == name]
    with pytest.raises(Refused) as refusal:
        read_xml(file.read_bytes())
    assert (refusal.value.code, refusal.value.line) == (code, line)


def test_threads_read_side_by_side() -> None:
    results: list[Reading] = []
    wrong = document(f"{NINE}<TypeCode>IMAX</TypeCode>")

    def work() -> None:
        for _ in range(50):
            results.append(read_message(full_xml(), Media.XML))
            results.append(read_message(wrong, Media.XML))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted({str(found(reading)) for reading in results}) == [
        "[('SCHEMA-LENGTH', 'Declaration/TypeCode')]",
        "[]",
    ]


def test_what_only_the_schema_finds_is_a_fault_with_a_line_in_xml_and_with_none_in_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(explaining, "explain", lambda *_arguments, **_more: Explained())
    (in_xml,) = read_xml(document("<FunctionCode>nine</FunctionCode>")).faults
    (in_json,) = read_json('{"Declaration": {"FunctionCode": "nine"}}').faults
    assert (in_xml.rule, in_xml.code, in_xml.line) == ("SCHEMA", "SCHEMA_INVALID", 1)
    assert (in_json.rule, in_json.code, in_json.line) == ("SCHEMA", "SCHEMA_INVALID", None)
    assert "line" not in in_json.advice
