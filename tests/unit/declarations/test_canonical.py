"""One spelling for each declaration, whichever way it came."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from singlewindow.declarations.canonical import (
    canonical_bytes,
    decode_canonical,
    fingerprint,
    plain_decimal,
    restate_earlier,
)
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.unit.declarations.samples import corpus, full_class, read_xml


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("10.00", "10"),
        ("10", "10"),
        ("+010.50", "10.5"),
        ("-0", "0"),
        ("-0.0", "0"),
        (".5", "0.5"),
        ("1.", "1"),
        ("000", "0"),
        ("-1.20", "-1.2"),
    ],
)
def test_a_decimal_is_written_by_value(sent: str, kept: str) -> None:
    assert plain_decimal(sent) == kept


@given(st.from_regex(r"[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})", fullmatch=True).filter(str.isascii))
def test_writing_by_value_keeps_the_value(text: str) -> None:
    assert Decimal(plain_decimal(text)) == Decimal(text)


@given(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", fullmatch=True).filter(str.isascii))
def test_equal_values_are_written_alike(text: str) -> None:
    longer = text + ("0" if "." in text else ".000")
    assert plain_decimal(longer) == plain_decimal(text) == plain_decimal(plain_decimal(text))


def test_the_canonical_form_is_compact_and_in_schema_order() -> None:
    declaration = Declaration(
        {"TypeCode": "IMA", "FunctionCode": "9", "InvoiceAmount": {"@currencyID": "GBP", "#text": "1.0"}}
    )
    expected = b'{"FunctionCode":"9","TypeCode":"IMA","InvoiceAmount":{"@currencyID":"GBP","#text":"1"}}'
    assert canonical_bytes(declaration) == expected


def test_the_envelope_is_no_part_of_it() -> None:
    tree = {"FunctionCode": "9"}
    assert canonical_bytes(Declaration(tree, {"ResponsibleCountryCode": "GB"})) == canonical_bytes(Declaration(tree))


def test_a_code_that_looks_like_a_number_is_left_alone() -> None:
    assert decode_canonical(canonical_bytes(Declaration({"FunctionCode": "9", "TypeCode": "000"})))["TypeCode"] == "000"


def test_text_is_kept_as_it_was_read() -> None:
    decomposed = "Cafe\u0301 10.00"
    assert (
        decode_canonical(canonical_bytes(Declaration({"FunctionalReferenceID": decomposed})))["FunctionalReferenceID"]
        == decomposed
    )


FIRST_FORM = {
    "blank after a party": ('{"FunctionCode":"9","Declarant":{"ID":"GB1 "}}',
                            '{"FunctionCode":"9","Declarant":{"ID":"GB1"}}'),
    "several, in lists": ('{"AdditionalDocument":[{"ID":"\u200bA B\u00a0"},{"ID":"\\tC"}]}',
                          '{"AdditionalDocument":[{"ID":"A B"},{"ID":"C"}]}'),
    "beside an attribute": ('{"InvoiceAmount":{"@currencyID":"GBP","#text":"1"},"TypeCode":"\ufeffIMA"}',
                            '{"InvoiceAmount":{"@currencyID":"GBP","#text":"1"},"TypeCode":"IMA"}'),
    "in an attribute": ('{"GoodsItemQuantity":{"@unitCode":"KGM\u200b","#text":"1"}}',
                        '{"GoodsItemQuantity":{"@unitCode":"KGM","#text":"1"}}'),
    "nothing to change": ('{"FunctionCode":"9","Declarant":{"Name":"A  B"}}',
                          '{"FunctionCode":"9","Declarant":{"Name":"A  B"}}'),
}  # fmt: skip


@pytest.mark.parametrize("case", FIRST_FORM)
def test_content_of_the_first_form_is_restated_in_the_second(case: str) -> None:
    stored, now = FIRST_FORM[case]
    assert restate_earlier(stored.encode()) == now.encode()
    assert restate_earlier(now.encode()) == now.encode()


def test_restated_content_is_that_of_the_same_document_read_today() -> None:
    for file in corpus("uk"):
        tree = _first_form(etree.fromstring(file.read_bytes()), read_xml(file.read_bytes()).declaration.tree)
        stored = canonical_bytes(Declaration(tree))
        assert restate_earlier(stored) == canonical_bytes(read_xml(file.read_bytes()).declaration), file.name


def _first_form(root: etree._Element, tree: Tree) -> Tree:
    """The tree with the white space that the document has after its texts, which the first form kept."""
    raw = {text.strip(): text for text in root.itertext() if "\n" not in text}

    def back(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: back(value) for name, value in node.items()}
        return [back(each) for each in node] if isinstance(node, list) else raw.get(node, node)

    stored: Tree = back(tree)
    return stored


def test_decoding_gives_the_tree_back() -> None:
    tree = full_class("Declaration", times=2)
    assert decode_canonical(canonical_bytes(Declaration(tree))) == tree


def test_the_fingerprint_is_a_sha256_digest() -> None:
    assert fingerprint(b"").hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_all_published_declarations_go_to_json_and_back_without_loss() -> None:
    for file in corpus("uk"):
        first = read_xml(file.read_bytes())
        as_json = read_message(to_json(first.declaration, first.enveloped), Media.JSON)
        as_xml = read_xml(to_xml(as_json.declaration, as_json.enveloped))
        assert first.declaration == as_json.declaration == as_xml.declaration, file.name
        assert canonical_bytes(first.declaration) == canonical_bytes(as_xml.declaration), file.name


def test_shuffled_keys_give_the_same_canonical_form() -> None:
    for file in corpus("uk")[::20]:
        declaration = read_xml(file.read_bytes()).declaration
        shuffled = json.dumps({"Declaration": _backwards(declaration.tree)}).encode()
        assert canonical_bytes(read_message(shuffled, Media.JSON).declaration) == canonical_bytes(declaration)


def _backwards(node: object) -> object:
    if isinstance(node, dict):
        return {name: _backwards(node[name]) for name in reversed(list(node))}
    return [_backwards(entry) for entry in node] if isinstance(node, list) else node
