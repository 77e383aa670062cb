"""The data elements of the declaration and of the response, read from the tables under `schemas/wco_datamodel/`.

The tables are the one source: the XSDs, the explanations of faults, the pointers, the JSON form and the printed list
of data elements are all derived from them. A schema path is the chain of WCO names from `Declaration` or `Response`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from singlewindow import shipped

SCHEMAS = shipped.SCHEMAS / "wco_datamodel"
DRIVER = "WCO_DMS.xsd"
"""The schema that imports all others."""

ENVELOPE_NAMESPACE = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
DECLARATION_NAMESPACE = "urn:wco:datamodel:WCO:DEC-DMS:2"
DECLARATION_DATE_NAMESPACE = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
RESPONSE_NAMESPACE = "urn:wco:datamodel:WCO:RES-DMS:2"
RESPONSE_DATE_NAMESPACE = "urn:wco:datamodel:WCO:Response_DS:DMS:2"
INSTANCE_NAMESPACE = "http://www.w3.org/2001/XMLSchema-instance"

HEADER = (
    "WCODataModelVersionCode",
    "WCOTypeName",
    "ResponsibleCountryCode",
    "ResponsibleAgencyName",
    "AgencyAssignedCustomizationCode",
    "AgencyAssignedCustomizationVersionCode",
)
HEADER_LENGTH = 70

ONE_LINE = r"[ \t]*[^ \t\n\r][^\n\r]*"
DATE = r"20[0-9]{6}([0-9]{6}(Z|[+\-][0-9]{2}))?"
_CODES = {"a": "[A-Za-z]", "n": "[0-9]"}

Base = Literal["class", "text", "code", "decimal", "date"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a leaf; its values are tokens that match `pattern` (the whole value)."""

    name: str
    required: bool
    pattern: str


@dataclass(frozen=True, slots=True)
class Element:
    """One data element of the WCO model.

    `maximum` is None if the schema sets no limit; `length` counts characters; `digits` is (all digits, decimals);
    `pattern` matches the whole value after white-space handling; `wco_id` is the class or element id of the WCO model
    ("" if the element has none of its own: a DateTimeString is named by its parent).
    """

    path: str
    name: str
    kind: Literal["class", "leaf"]
    minimum: int
    maximum: int | None
    base: Base
    format: str
    length: int | None
    digits: tuple[int, int] | None
    pattern: str | None
    enum: tuple[str, ...]
    non_blank: bool
    attributes: tuple[Attribute, ...]
    wco_id: str
    meaning: str
    children: tuple[str, ...]

    @property
    def repeatable(self) -> bool:
        """Whether the element is a list in the JSON form."""
        return self.maximum != 1

    @property
    def is_date(self) -> bool:
        """Whether this class only wraps a DateTimeString, so that its id names a value and not a section."""
        return self.children == ("DateTimeString",)


ATTRIBUTES = {
    "currencyID": "[A-Z]{3}",
    "unitCode": r"[^ \t\n\r][^\t\n\r]{0,4}",
    "formatCode": "102|304",
}


def _read_table(file: Path) -> Mapping[str, Element]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    children: dict[str, list[str]] = {}
    for row in rows:
        parent, _, name = row["path"].rpartition("/")
        children.setdefault(parent, []).append(name)
    return MappingProxyType({row["path"]: _element_from(row, tuple(children.get(row["path"], ()))) for row in rows})


def _element_from(row: dict[str, str], children: tuple[str, ...]) -> Element:
    base = _checked_base(row["base"])
    return Element(
        path=row["path"],
        name=row["path"].rpartition("/")[2],
        kind="class" if base == "class" else "leaf",
        minimum=int(row["minimum"]),
        maximum=None if row["maximum"] == "unbounded" else int(row["maximum"]),
        base=base,
        format=row["format"],
        length=_text_length(base, row["format"]),
        digits=_decimal_digits(base, row["format"]),
        pattern=_value_pattern(base, row["format"], row["non_blank"] == "yes"),
        enum=tuple(row["enum"].split("|")) if row["enum"] else (),
        non_blank=row["non_blank"] == "yes",
        attributes=tuple(_read_attributes(row["attribute"])),
        wco_id=row["wco_id"],
        meaning=row["meaning"],
        children=children,
    )


def _checked_base(word: str) -> Base:
    match word:
        case "class" | "text" | "code" | "decimal" | "date":
            return word
    raise ValueError(f"The base {word!r} is not class, text, code, decimal or date. Correct the table of elements.")


def _text_length(base: Base, form: str) -> int | None:
    found = re.fullmatch(r"(?:an|a|n)(?:\.\.)?([0-9]+)", form)
    return int(found[1]) if found and base in ("text", "code", "date") else None


def _decimal_digits(base: Base, form: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"n\.\.([0-9]+)(?:,([0-9]+))?", form)
    return (int(found[1]), int(found[2] or 0)) if found and base == "decimal" else None


def _value_pattern(base: Base, form: str, non_blank: bool) -> str | None:
    if base == "date":
        return DATE
    if base in ("text", "code"):
        found = re.fullmatch(r"([an])(\.\.)?([0-9]+)", form)
        if found:
            return f"{_CODES[found[1]]}{{{'1,' if found[2] else ''}{found[3]}}}"
        return ONE_LINE if non_blank else None
    return None


def _read_attributes(cell: str) -> Iterator[Attribute]:
    if cell:
        name = cell.removesuffix("!")
        yield Attribute(name, required=cell.endswith("!"), pattern=ATTRIBUTES[name])


ELEMENTS: Mapping[str, Element] = _read_table(SCHEMAS / "elements.csv")
RESPONSES: Mapping[str, Element] = _read_table(SCHEMAS / "responses.csv")


def leaf_paths(table: Mapping[str, Element] = ELEMENTS) -> Iterator[str]:
    """The schema paths of all values in schema order, attributes as "Declaration/InvoiceAmount/@currencyID"."""
    for path, element in table.items():
        if element.kind == "leaf":
            yield path
            yield from (f"{path}/@{attribute.name}" for attribute in element.attributes)
