"""The drawing of the tables, `docs/data-model.md`, made from the metadata.

`python -m singlewindow.storage.tables.drawing` prints it; a test proves that the page is what the tables yield.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from sqlalchemy import Column, Table

from singlewindow.storage import tables

_OPENING: Final = """# The tables

Printed by `python -m singlewindow.storage.tables.drawing` from `singlewindow/storage/tables/`. Change the tables,
not this page. Times are whole microseconds since 1970 UTC by the database's own clock. `PK` marks the columns of a
primary key, `FK` those that name a row of another table.
"""


def page() -> str:
    """The page's text: one Mermaid drawing for each aggregate."""
    return "\n".join(
        (_OPENING, *(line for aggregate in _aggregate_modules() for line in _aggregate_section(aggregate)))
    )


def _aggregate_modules() -> list[ModuleType]:
    modules = (import_module(f"{tables.__name__}.{entry.name}") for entry in iter_modules(tables.__path__))
    return [module for module in modules if _tables_of(module)]


def _tables_of(aggregate: ModuleType) -> list[Table]:
    return [each for each in vars(aggregate).values() if isinstance(each, Table)]


def _aggregate_section(aggregate: ModuleType) -> Iterator[str]:
    name, text = aggregate.__name__.rpartition(".")[2], (aggregate.__doc__ or "").strip()
    yield f"## {name.capitalize()}\n\n{text}\n\n```mermaid\nerDiagram"
    for table in _tables_of(aggregate):
        yield f"  {table.name} {{"
        yield from (f"    {_column_type(column)} {column.name}{_key_mark(column)}" for column in table.columns)
        yield "  }"
    for table in _tables_of(aggregate):
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            yield f"  {key.column.table.name} ||--o{{ {table.name} : {key.parent.name}"
    yield "```\n"


def _column_type(column: Column[object]) -> str:
    return str(column.type).split("(")[0].lower()


def _key_mark(column: Column[object]) -> str:
    marks = [mark for mark, there in (("PK", column.primary_key), ("FK", bool(column.foreign_keys))) if there]
    return f" {', '.join(marks)}" if marks else ""


if __name__ == "__main__":
    sys.stdout.write(page())
