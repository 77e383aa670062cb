"""A declaration written as XML or JSON is valid and reads back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Media, read_message
from singlewindow.declarations.reading.schema import is_valid
from singlewindow.declarations.values import trimmed
from singlewindow.declarations.writing.binding import to_json, to_xml
from tests.unit.declarations.samples import full_class

HEADER = {"WCODataModelVersionCode": "3.6", "WCOTypeName": "DEC", "ResponsibleCountryCode": "GB"}
FULL = Declaration(full_class("Declaration", times=2), HEADER)


@pytest.mark.parametrize("media", list(Media))
def test_an_enveloped_declaration_reads_back_with_its_header(media: Media) -> None:
    write = to_xml if media is Media.XML else to_json
    assert read_message(write(FULL, True), media).declaration == FULL


@pytest.mark.parametrize("media", list(Media))
def test_a_bare_declaration_reads_back_without_header(media: Media) -> None:
    write = to_xml if media is Media.XML else to_json
    assert read_message(write(FULL, False), media).declaration == Declaration(FULL.tree)


def test_a_tree_in_any_order_becomes_valid_xml() -> None:
    backwards = {name: FULL.tree[name] for name in reversed(FULL.tree)}
    assert is_valid(etree.fromstring(to_xml(Declaration(backwards), False)))


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), min_size=1, max_size=35
)


@given(TEXT.map(trimmed).filter(bool), st.sampled_from(list(Media)))
def test_any_text_survives_both_forms(text: str, media: Media) -> None:
    declaration = Declaration({"FunctionCode": "9", "FunctionalReferenceID": text})
    write = to_xml if media is Media.XML else to_json
    assert read_message(write(declaration, False), media).declaration == declaration


def test_markup_in_a_value_stays_text() -> None:
    declaration = Declaration({"FunctionCode": "9", "FunctionalReferenceID": '<a b="c">&amp;]]></a>'})
    assert read_message(to_xml(declaration, False), Media.XML).declaration == declaration
