"""One look at the declaration, shared by all rules: what nearly every rule needs is taken from the tree once.

Nothing here trusts the tree's shape. Rules do not run if the schema found a fault in their elements, but the others
do; for them an element of the wrong kind is an empty one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from singlewindow.declarations.faults import Path, Step
from singlewindow.declarations.model import ROOT, Declaration, Tree, text_of
from singlewindow.declarations.rules.leaves import COMMON

ORIGINAL = "9"
OUTWARD_PROCEDURES = frozenset(("10", "11", "21", "22", "23", "31"))
"""Export, outward processing, temporary export, re-export (Delegated Regulation (EU) 2015/2446, annex B, DE 1/10)."""
REQUEST = "13"

SHIPMENT_PATH: Path = (ROOT, Step("GoodsShipment"))
CONSIGNMENT_PATH: Path = (*SHIPMENT_PATH, Step("Consignment"))
DECLARATION_PATH: Path = (ROOT,)


def group(tree: Tree, name: str) -> Tree:
    """The single class element `name`, empty if it is absent."""
    child = tree.get(name)
    return child if type(child) is dict else {}


def groups(tree: Tree, name: str) -> list[Tree]:
    """The occurrences of the repeatable class element `name`, in order."""
    children = tree.get(name)
    if type(children) is not list:
        return []
    return [child if type(child) is dict else {} for child in children]


def value(tree: Tree, name: str) -> str:
    """The text of the leaf `name`, or "" if it is absent."""
    leaf = tree.get(name)
    return leaf if type(leaf) is str else text_of(leaf) or ""


def capitals(tree: Tree, name: str) -> str:
    """The code `name` in capitals, as in the code lists; another rule finds small letters."""
    return value(tree, name).upper()


def document_code(document: Tree) -> str:
    """Category and type of a document as the one code traders know it by, such as "C505"."""
    return capitals(document, "CategoryCode") + capitals(document, "TypeCode")


class Item:
    """One goods item (WCO 68A) with the parts that many rules read."""

    __slots__ = ("commodity", "document_codes", "documents", "index", "procedures", "statements", "taxes", "tree")

    def __init__(self, index: int, tree: Tree) -> None:
        self.index, self.tree = index, tree
        self.commodity = group(tree, "Commodity")
        self.documents = groups(tree, "AdditionalDocument")
        self.document_codes = [document_code(document) for document in self.documents]
        self.procedures = groups(tree, "GovernmentProcedure")
        self.statements = [capitals(entry, "StatementCode") for entry in groups(tree, "AdditionalInformation")]
        self.taxes = groups(self.commodity, "DutyTaxFee")

    @property
    def path(self) -> Path:
        """The place of the item."""
        return (*SHIPMENT_PATH, Step("GovernmentAgencyGoodsItem", self.index))


class Context:
    """The extracts of one declaration. Codes are in capitals; documents are identified by code.

    `texts` are the texts of the leaves of each common kind, unchanged.
    """

    __slots__ = (
        "authorisations",
        "consignment",
        "document_codes",
        "function",
        "items",
        "kind",
        "previous_documents",
        "shipment",
        "statements",
        "texts",
        "tree",
    )

    def __init__(self, declaration: Declaration) -> None:
        tree = self.tree = declaration.tree
        self.texts = COMMON.texts(tree)
        self.function, self.kind = value(tree, "FunctionCode"), capitals(tree, "TypeCode")
        self.shipment = group(tree, "GoodsShipment")
        self.consignment = group(self.shipment, "Consignment")
        entries = groups(self.shipment, "GovernmentAgencyGoodsItem")
        self.items = [Item(index, entry) for index, entry in enumerate(entries, start=1)]
        self.authorisations = [capitals(entry, "CategoryCode") for entry in groups(tree, "AuthorisationHolder")]
        self.document_codes = {code for item in self.items for code in item.document_codes}
        self.statements = {code for item in self.items for code in item.statements}
        self.statements.update(capitals(entry, "StatementCode") for entry in groups(tree, "AdditionalInformation"))
        self.previous_documents = [
            (SHIPMENT_PATH, index, entry)
            for index, entry in enumerate(groups(self.shipment, "PreviousDocument"), start=1)
        ]
        for item in self.items:
            for index, entry in enumerate(groups(item.tree, "PreviousDocument"), start=1):
                self.previous_documents.append((item.path, index, entry))

    def leaves_the_country(self) -> bool:
        """Whether the goods leave; if the type does not say, the procedure of the first item does."""
        first = self.items[0].procedures[:1] if self.items else []
        return any(value(entry, "CurrentCode") in OUTWARD_PROCEDURES for entry in first)

    def is_plain(self) -> bool:
        """Whether the whole declaration is unescaped ASCII, so that no value needs a check of its characters."""
        encoded = msgspec.json.encode(self.tree)
        return encoded.isascii() and b"\\" not in encoded


def sequence_of(entries: Iterable[Tree]) -> list[str]:
    """The SequenceNumeric values as written, without leading zeros."""
    return [value(entry, "SequenceNumeric").lstrip("0") or "0" for entry in entries]


def sequence_numbers(count: int) -> list[str]:
    """["1", ..., "count"], the numbers that a sequence must have."""
    return [str(number) for number in range(1, count + 1)]
