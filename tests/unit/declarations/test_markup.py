from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from singlewindow.declarations.markup import ILLEGAL, escaped_attribute, escaped_text


@given(st.text(st.characters(codec="utf-8")))
def test_a_text_is_read_back_as_it_was_or_is_illegal(text: str) -> None:
    xml = f'<a b="{escaped_attribute(text)}">{escaped_text(text)}</a>'.encode()
    if ILLEGAL.search(text):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(xml)
    else:
        element = etree.fromstring(xml)
        assert (element.text or "", element.get("b")) == (text, text)


@pytest.mark.parametrize("text", ["a\r\nb", " \t", "]]>", "<!-- -->", "&amp;", "\u0085\u2028", "\U0010ffff", "\ufffd"])
def test_what_readers_change_or_take_for_markup_is_kept(text: str) -> None:
    element = etree.fromstring(f'<a b="{escaped_attribute(text)}">{escaped_text(text)}</a>')
    assert (element.text, element.get("b")) == (text, text)


@pytest.mark.parametrize("text", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_what_xml_cannot_hold_is_illegal(text: str) -> None:
    assert ILLEGAL.search(f"a{text}b")
