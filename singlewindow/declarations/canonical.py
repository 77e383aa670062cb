"""One spelling for each declaration: what is stored, fingerprinted and compared, whichever form it arrived in.

Compact JSON in schema order, of the Declaration alone. Decimals are written by value, so that 10.00 and 10 are one;
everything else stays as sent.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import msgspec

from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Declaration, Tree

_encode = msgspec.json.Encoder().encode
_decode: msgspec.json.Decoder[Tree] = msgspec.json.Decoder(dict[str, Any])


def canonical(declaration: Declaration) -> bytes:
    """The canonical bytes of a valid declaration (UTF-8, no white space, no envelope)."""
    return _encode(_class(declaration.tree, "Declaration"))


def decode(content: bytes) -> Tree:
    """The tree of canonical bytes."""
    return _decode.decode(content)


def fingerprint(content: bytes) -> bytes:
    """The SHA-256 digest (32 bytes) of canonical bytes."""
    return hashlib.sha256(content).digest()


@cache
def _places(path: str) -> dict[str, tuple[int, Element]]:
    element = ELEMENTS[path]
    return {name: (place, ELEMENTS[f"{path}/{name}"]) for place, name in enumerate(element.children)}


def _class(tree: Tree, path: str) -> Tree:
    places = _places(path)
    names = sorted(tree, key=lambda name: places[name][0])
    return {name: _value(tree[name], places[name][1]) for name in names}


def _value(value: object, element: Element) -> object:
    if isinstance(value, list):
        return [_value(entry, element) for entry in value]
    if isinstance(value, dict):
        return _class(value, element.path) if element.kind == "class" else _attributed(value, element)
    return plain_decimal(str(value)) if element.base == "decimal" else value


def _attributed(leaf: Tree, element: Element) -> Tree | str:
    text: str = plain_decimal(leaf["#text"]) if element.base == "decimal" else leaf["#text"]
    names = (f"@{attribute.name}" for attribute in element.attributes)
    found = {name: leaf[name] for name in names if name in leaf}
    return {**found, "#text": text} if found else text


def plain_decimal(text: str) -> str:
    """A decimal by value: no plus sign, no needless zeros, no negative zero ("+010.50" becomes "10.5")."""
    if text.isdigit() and text[0] != "0":
        return text
    whole, _, fraction = text.lstrip("+-").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    number = f"{whole or '0'}.{fraction}" if fraction else whole or "0"
    return f"-{number}" if text.startswith("-") and number != "0" else number
