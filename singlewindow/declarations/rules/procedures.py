"""Rules about procedures and commodity codes of the items."""

from __future__ import annotations

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.rules.context import Context, Item, capitals, groups, value
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, Findings, Rule, path_below, quoted

_PROCEDURE = f"{ITEMS}/GovernmentProcedure"
_READS = (ITEMS, _PROCEDURE, f"{_PROCEDURE}/CurrentCode", f"{_PROCEDURE}/PreviousCode")
_CLASSIFICATION = f"{COMMODITY}/Classification"
_CODES = (ITEMS, _CLASSIFICATION, f"{_CLASSIFICATION}/ID", f"{_CLASSIFICATION}/IdentificationTypeCode")


class ProcedureGiven(Rule, frozen=True):
    """The first GovernmentProcedure of an item is its only procedure: the requested and the previous one (DE 1/10)."""

    name = "PROCEDURE-GIVEN"
    reads = _READS
    advice = "Begin with one GovernmentProcedure that has the requested and the previous procedure, such as 40 and 00."

    length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            first = item.procedures[0] if item.procedures else {}
            for leaf in ("CurrentCode", "PreviousCode"):
                code = value(first, leaf)
                if len(code) != self.length:
                    path = path_below(item.path, ("GovernmentProcedure", 1), leaf)
                    wrong = f"a {leaf} of {len(code)} characters" if code else f"no {leaf}"
                    yield path, f"Item {item.index} has {wrong}; a procedure needs {self.length}."
                    break
            for index, entry in enumerate(item.procedures[1:], start=2):
                if value(entry, "PreviousCode"):
                    path = path_below(item.path, ("GovernmentProcedure", index), "PreviousCode")
                    yield (
                        path,
                        f"Item {item.index} has a second procedure; declare such goods as another item.",
                    )


def _additional_procedures(item: Item, length: int) -> list[tuple[int, str]]:
    """The additional procedures of an item, with their places among its GovernmentProcedure elements."""
    codes = ((index, capitals(entry, "CurrentCode"), entry) for index, entry in enumerate(item.procedures, start=1))
    return [(index, code) for index, code, entry in codes if len(code) == length and "PreviousCode" not in entry]


class AdditionalProcedureGiven(Rule, frozen=True):
    """An item has at least one additional procedure; there is a code for "none" (DE 1/11)."""

    name = "ADDITIONAL-PROCEDURE-GIVEN"
    reads = _READS
    advice = "Add a GovernmentProcedure with the additional procedure code, or 000 if none applies."

    length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            if not _additional_procedures(item, self.length):
                path = path_below(item.path, ("GovernmentProcedure", len(item.procedures) + 1), "CurrentCode")
                yield path, f"Item {item.index} has no additional procedure."


class NoAdditionalProcedureAlone(Rule, frozen=True):
    """The code for "no additional procedure" is the only one of its item."""

    name = "NO-ADDITIONAL-PROCEDURE-ALONE"
    reads = _READS
    advice = "Remove the code for no additional procedure, or the others."

    none: str
    length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            if len(item.procedures) < 3:
                continue
            codes = _additional_procedures(item, self.length)
            for index, code in codes:
                if code == self.none and len(codes) > 1:
                    path = path_below(item.path, ("GovernmentProcedure", index), "CurrentCode")
                    yield path, f"Item {item.index} has other additional procedures beside {self.none}."
                    break


class TariffCodeGiven(Rule, frozen=True):
    """Every goods item has a tariff code (DE 6/14), because without it no agency can tell what the goods are.

    The country's profile lists the types, by their last letter, whose items need no tariff code.
    """

    name = "TARIFF-CODE-GIVEN"
    reads = ("Declaration/TypeCode", *_CODES)
    advice = "Add a Classification with the commodity code in ID and the tariff's scheme in IdentificationTypeCode."

    scheme: str = "TSP"
    without: frozenset[str] = frozenset()

    def check(self, context: Context) -> Findings:
        if context.kind[2:] in self.without:
            return
        for item in context.items:
            entries = groups(item.commodity, "Classification")
            if not any(_scheme_of(entry) == self.scheme and value(entry, "ID") for entry in entries):
                path = path_below(item.path, "Commodity", ("Classification", len(entries) + 1), "ID")
                other = "; it has only codes of other schemes" if any(value(entry, "ID") for entry in entries) else ""
                scheme = f"a Classification with IdentificationTypeCode {self.scheme}"
                yield path, f"Goods item {item.index} has no tariff code ({scheme}){other}."


class CommodityCode(Rule, frozen=True):
    """The commodity code of an item has the national length (DE 6/14).

    Real declarations have shorter and longer ones, too: they are accepted, and matched by their first digits.
    """

    name = "COMMODITY-CODE"
    severity = Severity.WARNING
    reads = _CODES
    advice = "Give one Classification with the tariff's scheme and the full code."

    scheme: str
    length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            entries = list(enumerate(groups(item.commodity, "Classification"), start=1))
            codes = [(at, value(entry, "ID")) for at, entry in entries if _scheme_of(entry) == self.scheme]
            if len(codes) == 1 and len(codes[0][1]) != self.length:
                path = path_below(item.path, "Commodity", ("Classification", codes[0][0]), "ID")
                given = quoted(codes[0][1])
                yield path, f"Item {item.index} needs a commodity code of {self.length} digits, but has {given}."


class TariffAddition(Rule, frozen=True):
    """A tariff addition to the commodity code has a fixed number of digits (DE 6/15)."""

    name = "TARIFF-ADDITION"
    reads = _CODES
    advice = "Give the two digits that follow the commodity code in the tariff."

    scheme: str
    length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, entry in enumerate(groups(item.commodity, "Classification"), start=1):
                code = value(entry, "ID")
                if _scheme_of(entry) == self.scheme and code.isdigit() and len(code) != self.length:
                    path = path_below(item.path, "Commodity", ("Classification", index), "ID")
                    yield path, f"{quoted(code)} is not a tariff addition of {self.length} digits."


def _scheme_of(entry: dict[str, object]) -> str:
    return capitals(entry, "IdentificationTypeCode")
