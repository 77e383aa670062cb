"""Rules about how many items and packages there are and how they are numbered."""

from __future__ import annotations

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.context import (
    DECLARATION_PATH,
    SHIPMENT_PATH,
    Context,
    groups,
    sequence_numbers,
    sequence_of,
    value,
)
from singlewindow.declarations.rules.rule import ITEMS, Findings, Rule, Scope, path_below, quoted


def _whole_number(text: str) -> int:
    """The number in a whole-number leaf; the schema allows a sign and trailing decimal zeros."""
    return int(text.partition(".")[0] or "0")


class ItemCount(Rule, frozen=True):
    """GoodsItemQuantity, if given, is the number of goods items that follow (DE 1/9)."""

    name = "ITEM-COUNT"
    code = "TOTALS_MISMATCH"
    reads = ("Declaration/GoodsItemQuantity", ITEMS)
    advice = "State the number of GovernmentAgencyGoodsItem elements, or add the missing items."

    def check(self, context: Context) -> Findings:
        declared = value(context.tree, "GoodsItemQuantity")
        if declared and _whole_number(declared) != len(context.items):
            path = path_below(DECLARATION_PATH, "GoodsItemQuantity")
            yield (
                path,
                f"GoodsItemQuantity says {quoted(declared)}, but the declaration has {len(context.items)} goods items.",
            )


class ItemCountGiven(Rule, frozen=True):
    """An original says in GoodsItemQuantity how many goods items it has, so that a lost one is noticed."""

    name = "ITEM-COUNT-GIVEN"
    severity = Severity.WARNING
    reads = ("Declaration/GoodsItemQuantity",)
    advice = "Add GoodsItemQuantity with the number of goods items."

    def check(self, context: Context) -> Findings:
        if not value(context.tree, "GoodsItemQuantity"):
            yield path_below(DECLARATION_PATH, "GoodsItemQuantity"), "GoodsItemQuantity is missing."


class ItemsPresent(Rule, frozen=True):
    """An original has at least one goods item."""

    name = "ITEMS-PRESENT"
    reads = (ITEMS,)
    advice = "Add a GovernmentAgencyGoodsItem for every kind of goods."

    def check(self, context: Context) -> Findings:
        if not context.items:
            yield path_below(SHIPMENT_PATH, "GovernmentAgencyGoodsItem"), "The declaration has no goods item."


class ItemLimit(Rule, frozen=True):
    """A declaration has no more goods items than the operator's setting allows."""

    name = "ITEM-LIMIT"
    code = "TOO_MANY_ITEMS"
    scope = Scope.EVERY
    reads = (ITEMS,)
    advice = "Split the consignment into several declarations."

    limit: int

    def check(self, context: Context) -> Findings:
        if len(context.items) > self.limit:
            path = path_below(SHIPMENT_PATH, ("GovernmentAgencyGoodsItem", self.limit + 1))
            yield path, f"The declaration has {len(context.items)} goods items; at most {self.limit} are allowed."


class ItemSequence(Rule, frozen=True):
    """Goods items are numbered 1, 2, 3 ... in their order, because later messages name them by number."""

    name = "ITEM-SEQUENCE"
    reads = (ITEMS, f"{ITEMS}/SequenceNumeric")
    advice = "Number the goods items 1, 2, 3 ... in their order, without gaps."

    def check(self, context: Context) -> Findings:
        for item, expected in zip(context.items, sequence_numbers(len(context.items)), strict=True):
            declared = value(item.tree, "SequenceNumeric")
            if declared != expected and declared.lstrip("0") != expected:
                text = f"Goods item {expected} is numbered {quoted(declared)}."
                yield path_below(item.path, "SequenceNumeric"), text


class PackageTotal(Rule, frozen=True):
    """TotalPackageQuantity is the sum of the packages of all items.

    This is only a warning: accepted declarations may count outer packages in one place and inner ones in the other.
    """

    name = "PACKAGE-TOTAL"
    severity = Severity.WARNING
    code = "TOTALS_MISMATCH"
    reads = (
        "Declaration/TotalPackageQuantity",
        ITEMS,
        f"{ITEMS}/Packaging",
        f"{ITEMS}/Packaging/QuantityQuantity",
    )
    advice = "Check the packages of each item against the total."

    def check(self, context: Context) -> Findings:
        declared = value(context.tree, "TotalPackageQuantity")
        if not declared:
            return
        lines = [line for item in context.items for line in groups(item.tree, "Packaging")]
        counted = [_whole_number(quantity) for line in lines if (quantity := value(line, "QuantityQuantity"))]
        if counted and sum(counted) != _whole_number(declared):
            path = path_below(DECLARATION_PATH, "TotalPackageQuantity")
            yield (
                path,
                f"TotalPackageQuantity is {quoted(declared)}, but the packages of the items add up to {sum(counted)}.",
            )


UNPACKED = frozenset(("NE", "NF", "NG", "VG", "VL", "VO", "VQ", "VR", "VS", "VY"))
"""Types for goods without packages: unpacked and bulk (UN/ECE Recommendation 21, annex V)."""


class PackagesCounted(Rule, frozen=True):
    """An item with packaging has at least one line that counts packages, except for unpacked goods and bulk."""

    name = "PACKAGES-COUNTED"
    severity = Severity.WARNING
    reads = (
        ITEMS,
        f"{ITEMS}/Packaging",
        f"{ITEMS}/Packaging/QuantityQuantity",
        f"{ITEMS}/Packaging/TypeCode",
    )
    advice = "Give the number of packages, or the package type for unpacked goods (NE) or bulk (such as VQ)."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            lines = groups(item.tree, "Packaging")
            if lines and not any(_counts_packages(line) for line in lines):
                path = path_below(item.path, ("Packaging", 1), "QuantityQuantity")
                yield path, f"Goods item {item.index} has packaging but no number of packages."


def _counts_packages(line: Tree) -> bool:
    return bool(value(line, "QuantityQuantity").strip("0.")) or value(line, "TypeCode") in UNPACKED


class PackageSequence(Rule, frozen=True):
    """Packaging lines are numbered 1, 2, 3 ... within their item."""

    name = "PACKAGE-SEQUENCE"
    severity = Severity.WARNING
    reads = (ITEMS, f"{ITEMS}/Packaging", f"{ITEMS}/Packaging/SequenceNumeric")
    advice = "Number the packaging lines of each item from 1."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            sequence = sequence_of(groups(item.tree, "Packaging"))
            for expected, declared in enumerate(sequence, start=1):
                if declared != str(expected):
                    path = path_below(item.path, ("Packaging", expected), "SequenceNumeric")
                    yield path, f"Packaging line {expected} of item {item.index} is numbered {quoted(declared)}."
