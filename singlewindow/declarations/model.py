"""The declaration as the rest of the product sees it: the WCO tree, and names for the values read most.

The tree holds the elements of `Declaration` under their WCO names in schema order: a repeatable element is always a
list, a leaf is its text, a leaf with attributes is `{"@currencyID": "GBP", "#text": "1000.00"}`. All values are text;
decimals become `Decimal` only if one is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from singlewindow.declarations.faults import Path, Step

Tree = dict[str, Any]

ROOT = Step("Declaration")


def text_of(node: Any) -> str | None:
    """The text of a leaf, with or without attributes; None if the leaf is absent."""
    if isinstance(node, dict):
        value = node.get("#text")
        return value if isinstance(value, str) else None
    return node if isinstance(node, str) else None


def find_nodes(tree: Tree, path: str) -> Iterator[tuple[Path, Any]]:
    """Every node at `path` ("GoodsShipment/GovernmentAgencyGoodsItem/Commodity"), with its indexed path from `tree`."""
    yield from _descend(tree, path.split("/"), ())


def _descend(node: Any, names: list[str], steps: Path) -> Iterator[tuple[Path, Any]]:
    if not names:
        yield steps, node
        return
    child = node.get(names[0]) if isinstance(node, dict) else None
    if isinstance(child, list):
        for position, entry in enumerate(child, start=1):
            yield from _descend(entry, names[1:], (*steps, Step(names[0], position)))
    elif child is not None:
        yield from _descend(child, names[1:], (*steps, Step(names[0])))


def first_text(tree: Tree, path: str) -> str | None:
    """The text of the first leaf at `path`, or None."""
    return next((text_of(node) for _, node in find_nodes(tree, path)), None)


def texts_at(tree: Tree, path: str) -> list[str]:
    """The texts of all leaves at `path`, in document order."""
    return [value for _, node in find_nodes(tree, path) if (value := text_of(node)) is not None]


def decimal_of(node: Any) -> Decimal | None:
    """The exact value of a decimal leaf; the schema has already made sure that it is one."""
    value = text_of(node)
    return None if value is None else Decimal(value)


@dataclass(frozen=True)
class Declaration:
    """One declaration: `tree` (see the module), `header` (the envelope's own elements, empty if none was sent)."""

    tree: Tree
    header: dict[str, str] = field(default_factory=dict)

    @property
    def lrn(self) -> str | None:
        """The trader's own reference (WCO D026)."""
        return text_of(self.tree.get("FunctionalReferenceID"))

    @property
    def function_code(self) -> str:
        """9 original, 13 request about an earlier declaration (WCO 017)."""
        return text_of(self.tree.get("FunctionCode")) or ""

    @property
    def type_code(self) -> str:
        """The declaration type, such as IMA or EXD (WCO D013)."""
        return text_of(self.tree.get("TypeCode")) or ""

    @property
    def declarant(self) -> str:
        """The identifier of the party that declares, "" if none is named (WCO 57B/R123)."""
        return first_text(self.tree, "Declarant/ID") or ""

    @property
    def importer(self) -> str:
        """The identifier of the importer, "" if none is named (WCO 74A/R038)."""
        return (first_text(self.tree, "GoodsShipment/Importer/ID") or "").strip()

    @property
    def exporter(self) -> str:
        """The identifier of the exporter, "" if none is named (WCO 57A/R032)."""
        return (first_text(self.tree, "Exporter/ID") or "").strip()

    @property
    def country(self) -> str:
        """ResponsibleCountryCode as sent, "" if the message names no country; `Rulebooks` says whose rules apply."""
        return self.header.get("ResponsibleCountryCode", "")

    @cached_property
    def items(self) -> list[Tree]:
        """GovernmentAgencyGoodsItem, in document order."""
        shipment = self.tree.get("GoodsShipment") or {}
        found: list[Tree] = shipment.get("GovernmentAgencyGoodsItem", [])
        return found
