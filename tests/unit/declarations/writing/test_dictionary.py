"""The printed list of data elements is what the tables yield."""

from __future__ import annotations

from singlewindow.declarations.elements import ELEMENTS, RESPONSES
from singlewindow.declarations.writing.dictionary import page
from tests.places import REPOSITORY


def test_the_checked_in_page_is_what_the_tables_yield() -> None:
    assert (REPOSITORY / "docs" / "data-elements.md").read_text(encoding="utf-8") == page()


def test_every_element_has_a_row() -> None:
    text = page()
    assert all(f"| {path} |" in text for path in (*ELEMENTS, *RESPONSES))
