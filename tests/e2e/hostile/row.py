"""One row of the tables of hostile messages, and the good declarations that the messages are made from.

In a message, `@LRN@` stands for a reference of its own, `@FILE@` for a file that notes whether it is opened, and
`@PORT@` for a local port that notes whether somebody connects; `@MEMBERS@` is left for a flood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.integration.documents import JSON_TYPE, XML_TYPE, as_json, as_xml, tree

ACCEPTED = ""
LODGE = "/v1/declarations"
ANOTHER_PARTY = "GB999999999999"
"""A trader of the service that has given nobody a mandate."""


class Row(NamedTuple):
    """A message and its answer: `rows` are its numbers in the lists of bad inputs and of attacks."""

    rows: str
    name: str
    content: bytes
    status: int
    code: str = ACCEPTED
    media: str | None = XML_TYPE
    headers: Mapping[str, str] = {}

    @property
    def label(self) -> str:
        """How the row is named in the report."""
        return f"{self.rows.replace(' ', '+')} {self.name}"


def xml(**changes: Any) -> bytes:
    """A valid declaration in XML, or one with other values at its top level."""
    return as_xml(tree("@LRN@", **changes))


def json(**changes: Any) -> bytes:
    """The same in JSON."""
    return as_json(tree("@LRN@", **changes))


def swapped(old: str, new: str, content: bytes | None = None) -> bytes:
    """The good XML declaration (or `content`) with one text exchanged for another."""
    content = content or xml()
    assert content.count(old.encode()) >= 1, old
    return content.replace(old.encode(), new.encode(), 1)


def inside(text: str) -> bytes:
    """The good XML declaration with something more at its end."""
    return swapped("</Declaration>", f"{text}</Declaration>")


def attributed(attributes: str) -> bytes:
    """The good XML declaration with more attributes on its root."""
    return swapped("<Declaration ", f"<Declaration {attributes} ")


def doctype(subset: str, content: bytes | None = None) -> bytes:
    """The good XML declaration (or `content`) under a document type declaration."""
    return swapped("<Declaration ", f"<!DOCTYPE Declaration {subset}><Declaration ", content)


def bare(encoding: str = "", version: str = "1.0") -> str:
    """The good XML declaration as text, its XML declaration naming this encoding and version."""
    body = xml().decode().partition("?>\n")[2]
    named = f' encoding="{encoding}"' if encoding else ""
    return f'<?xml version="{version}"{named}?>{body}'


def members(text: str) -> bytes:
    """The good JSON declaration with more members at the start of its Declaration, as written."""
    return json().replace(b'{"Declaration": {', b'{"Declaration": {' + text.encode())


def item(**changes: Any) -> dict[str, Any]:
    """The GoodsShipment of the good declaration with other values in its one item."""
    shipment: dict[str, Any] = tree()["GoodsShipment"]
    return shipment | {"GovernmentAgencyGoodsItem": [shipment["GovernmentAgencyGoodsItem"][0] | changes]}


def described(text: str) -> dict[str, Any]:
    """The GoodsShipment whose one item has this description."""
    shipment: dict[str, Any] = tree(description=text)["GoodsShipment"]
    return shipment


def both(rows: str, name: str, status: int, code: str, **changes: Any) -> list[Row]:
    """The same change of values in XML and in JSON, with the same answer."""
    return [
        Row(rows, f"{name}, XML", xml(**changes), status, code),
        Row(rows, f"{name}, JSON", json(**changes), status, code, JSON_TYPE),
    ]
