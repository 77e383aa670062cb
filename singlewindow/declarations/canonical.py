"""One spelling for each declaration: what is stored, fingerprinted and compared, whichever form it arrived in.

Compact JSON in schema order, of the Declaration alone. Decimals are written by value, so that 10.00 and 10 are equal;
everything else stays as it was read: without white space around a value, and inside a text as sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from singlewindow.declarations.elements import ELEMENTS, Element
from singlewindow.declarations.model import Declaration, Tree
from singlewindow.declarations.values import trimmed

FORM: Final = 2
"""The number of the present form, stored with each version. Form 1 kept white space around texts."""

_encode = msgspec.json.Encoder().encode
_decode: msgspec.json.Decoder[Tree] = msgspec.json.Decoder(dict[str, Any])


def canonical_bytes(declaration: Declaration) -> bytes:
    """The canonical bytes of a valid declaration (UTF-8, no white space, no envelope)."""
    return _encode(_canonical_class(declaration.tree, _ROOT.children))


def decode_canonical(content: bytes) -> Tree:
    """The tree of canonical bytes."""
    return _decode.decode(content)


def restate_earlier(content: bytes) -> bytes:
    """Convert canonical bytes of an earlier form to the present one, so that fingerprints can be compared."""
    return _encode(_restated_node(decode_canonical(content)))


def _restated_node(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _restated_node(value) for name, value in node.items()}
    return [_restated_node(entry) for entry in node] if isinstance(node, list) else trimmed(node)


def fingerprint(content: bytes) -> bytes:
    """The SHA-256 digest (32 bytes) of canonical bytes."""
    return hashlib.sha256(content).digest()


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one element is written: its place among its siblings, and how its text or its children are written."""

    place: int
    decimal: bool
    attributes: tuple[str, ...]
    children: dict[str, _Plan]


def _plan_of(element: Element, place: int = 0) -> _Plan:
    children = (ELEMENTS[f"{element.path}/{name}"] for name in element.children)
    return _Plan(
        place,
        element.base == "decimal",
        tuple(f"@{attribute.name}" for attribute in element.attributes),
        {child.name: _plan_of(child, number) for number, child in enumerate(children)},
    )


_ROOT = _plan_of(ELEMENTS["Declaration"])


def _canonical_class(tree: Tree, plans: dict[str, _Plan]) -> Tree:
    written: Tree = {}
    last = 0
    for name, value in tree.items():
        plan = plans[name]
        if plan.place < last:  # JSON may come in any order
            names = sorted(tree, key=lambda each: plans[each].place)
            return _canonical_class({each: tree[each] for each in names}, plans)
        last = plan.place
        if type(value) is list:
            written[name] = [_canonical_value(entry, plan) for entry in value]
        elif type(value) is str and not plan.decimal:
            written[name] = value
        else:
            written[name] = _canonical_value(value, plan)
    return written


def _canonical_value(value: Any, plan: _Plan) -> object:
    if type(value) is not dict:
        return plain_decimal(value) if plan.decimal else value
    return _canonical_class(value, plan.children) if plan.children else _canonical_leaf(value, plan)


def _canonical_leaf(leaf: Tree, plan: _Plan) -> Tree | str:
    text: str = plain_decimal(leaf["#text"]) if plan.decimal else leaf["#text"]
    found = {name: leaf[name] for name in plan.attributes if name in leaf}
    return {**found, "#text": text} if found else text


def plain_decimal(text: str) -> str:
    """A decimal by value: no plus sign, no needless zeros, no negative zero ("+010.50" becomes "10.5")."""
    if text.isdigit() and text[0] != "0":
        return text
    whole, _, fraction = text.lstrip("+-").partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    number = f"{whole or '0'}.{fraction}" if fraction else whole or "0"
    return f"-{number}" if text.startswith("-") and number != "0" else number
