"""The printed list of data elements, made from the tables.

`python -m singlewindow.declarations.writing.dictionary > docs/data-elements.md` writes it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from singlewindow.declarations.elements import ELEMENTS, RESPONSES, Element

_OPENING = """# Data elements

Written by `python -m singlewindow.declarations.writing.dictionary` from `schemas/wco_datamodel/`. Change the tables,
not this page.

How to read it: *occurs* is the least and the most often an element may stand in its parent. *Form*: `an..35` is text of
up to 35 characters, `a2` two letters, `n..5` up to 5 digits, `n..16,3` a decimal number of up to 16 digits with up to 3
decimal places; `{9, 13}` lists all values allowed; `@currencyID` is an attribute, `!` marks one that is required.
*WCO id* is the id of the class or element in the WCO data model, as pointers in responses name it.
"""


def page() -> str:
    """The page's text."""
    return "\n".join((_OPENING, *_table_section("Declaration", ELEMENTS), *_table_section("Response", RESPONSES)))


def _table_section(title: str, table: Mapping[str, Element]) -> Iterator[str]:
    yield f"## {title}: {len(table)} elements\n"
    yield "| element | occurs | form | WCO id | meaning |"
    yield "|---|---|---|---|---|"
    for element in table.values():
        most = "*" if element.maximum is None else str(element.maximum)
        cells = (element.path, f"{element.minimum}..{most}", _element_form(element), element.wco_id, element.meaning)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
    yield ""


def _element_form(element: Element) -> str:
    parts = ["class" if element.kind == "class" else element.format]
    if element.enum:
        parts.append("{" + ", ".join(element.enum) + "}")
    parts += [f"@{attribute.name}{'!' if attribute.required else ''}" for attribute in element.attributes]
    return " ".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
