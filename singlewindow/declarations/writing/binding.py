"""Writes a declaration as XML or as JSON; both hold the same elements, attributes and values, and can be read back.

Elements come out in schema order whatever the order of the tree, so that the XML is valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from singlewindow.declarations.elements import ELEMENTS, HEADER, Element
from singlewindow.declarations.markup import (
    escaped_attribute,
    escaped_text,
    header_element,
    in_declaration,
    in_envelope,
    tag_name,
)
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.reading.intake import Limits, Media, read_message


def other_form(content: bytes, media: Media, limits: Limits) -> bytes:
    """A document that was accepted, in XML if it is JSON and the other way round; raises `Refused` for any other."""
    reading = read_message(content, media, limits)
    write = to_xml if media is Media.JSON else to_json
    return write(reading.declaration, reading.enveloped)


def to_json(declaration: Declaration, enveloped: bool) -> bytes:
    """The JSON form: `{"MetaData": {header..., "Declaration": {...}}}`, or `{"Declaration": {...}}`."""
    body = {"Declaration": declaration.tree}
    return msgspec.json.encode({"MetaData": {**declaration.header, **body}} if enveloped else body)


def to_xml(declaration: Declaration, enveloped: bool) -> bytes:
    """The XML form, with or without the MetaData envelope."""
    body = in_declaration("".join(class_parts(declaration.tree, ELEMENTS, "Declaration")))
    return (enveloped_xml(declaration.header, body) if enveloped else xml_document(body)).encode("utf-8")


def enveloped_xml(header: Mapping[str, str], body: str) -> str:
    """The MetaData envelope around the text of its content."""
    head = "".join(header_element(name, escaped_text(header[name])) for name in HEADER if name in header)
    return xml_document(in_envelope(head + body))


def xml_document(body: str) -> str:
    """A whole document from its root element's text."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'


def class_parts(tree: Mapping[str, Any], table: Mapping[str, Element], path: str) -> Iterator[str]:
    """The XML text of a class's content, in schema order."""
    for name in table[path].children:
        if name in tree:
            value = tree[name]
            for entry in value if isinstance(value, list) else (value,):
                yield from _element_parts(entry, table, f"{path}/{name}")


def _element_parts(value: object, table: Mapping[str, Element], path: str) -> Iterator[str]:
    element = table[path]
    tag = tag_name(element)
    if element.kind == "class":
        assert isinstance(value, dict)
        yield f"<{tag}>"
        yield from class_parts(value, table, path)
        yield f"</{tag}>"
        return
    text, attributes = str(value), ""
    if isinstance(value, dict):
        text = str(value["#text"])
        names = [attribute.name for attribute in element.attributes if f"@{attribute.name}" in value]
        attributes = "".join(f' {name}="{escaped_attribute(value[f"@{name}"])}"' for name in names)
    yield f"<{tag}{attributes}>{escaped_text(text)}</{tag}>"
