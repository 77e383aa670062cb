"""Declarations to test with: one with every element there is, a small one as text, and the published ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.reading.intake import Media, Reading, read_message
from singlewindow.declarations.writing.binding import to_xml
from tests.corpus import CORPUS

DEC = "urn:wco:datamodel:WCO:DEC-DMS:2"
MD = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
DS = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"


def corpus(folder: str) -> list[Path]:
    """The published documents of one folder; skips where they are absent."""
    if not CORPUS.is_dir():
        pytest.skip(f"the published declarations are not at {CORPUS}; set SW_CORPUS to their folder")
    return sorted((CORPUS / folder).glob("*.xml"))


def sample_value(element: Element) -> str:
    """A value that the element's type allows."""
    if element.enum:
        return element.enum[0]
    match element.base:
        case "date":
            return "20260131235959Z"
        case "decimal":
            return "1"
    letter = "A" if element.format.startswith("a") else "1"
    return letter * (element.length or 1)


def sample_leaf(element: Element) -> Any:
    """A leaf with all its attributes."""
    values = {"currencyID": "GBP", "unitCode": "KGM", "formatCode": "304"}
    attributes = {f"@{attribute.name}": values[attribute.name] for attribute in element.attributes}
    return {**attributes, "#text": sample_value(element)} if attributes else sample_value(element)


def full_class(path: str, times: int = 1) -> Tree:
    """The class at `path` with every element below it; what may repeat stands there `times` times."""
    tree: Tree = {}
    for name in ELEMENTS[path].children:
        child = ELEMENTS[f"{path}/{name}"]
        if child.repeatable:
            tree[name] = [full_class(child.path, times) for _ in range(times)]
        else:
            tree[name] = full_class(child.path, times) if child.kind == "class" else sample_leaf(child)
    return tree


@cache
def full_xml() -> bytes:
    """Every element of the model once, in an envelope, as XML."""
    return to_xml(Declaration(full_class("Declaration"), {"ResponsibleCountryCode": "GB"}), enveloped=True)


def document(content: str = "<FunctionCode>9</FunctionCode>", attributes: str = "") -> bytes:
    """A bare declaration around `content`; `ds` is bound to the dates' namespace."""
    return f'<Declaration xmlns="{DEC}" xmlns:ds="{DS}"{attributes}>{content}</Declaration>'.encode()


def read_xml(content: bytes) -> Reading:
    """The reading of an XML message."""
    return read_message(content, Media.XML)


def read_json(content: str) -> Reading:
    """The reading of a JSON message."""
    return read_message(content.encode(), Media.JSON)


def found(reading: Reading) -> list[tuple[str, str]]:
    """Rule and place ("Declaration/Agent/ID", indexes in brackets) of each fault."""
    return [(fault.rule, place(fault.path)) for fault in reading.faults]


def place(path: tuple[Any, ...]) -> str:
    """A path in one line."""
    return "/".join(step.name + ("" if step.index is None else f"[{step.index}]") for step in path)
