from __future__ import annotations

from singlewindow.storage import tables
from singlewindow.storage.tables.drawing import page
from tests.places import REPOSITORY


def test_the_checked_in_page_is_what_the_tables_yield() -> None:
    assert (REPOSITORY / "docs" / "data-model.md").read_text(encoding="utf-8") == page()


def test_every_table_is_drawn_once_with_its_columns() -> None:
    text = page()
    for table in tables.metadata.tables.values():
        assert text.count(f"\n  {table.name} {{\n") == 1
        assert all(f" {column.name}" in text for column in table.columns)
