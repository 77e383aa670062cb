"""Rules about the declaration as a whole: its type, its dates, contradictory statements, and levels."""

from __future__ import annotations

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.rules.context import (
    DECLARATION_PATH,
    Context,
    value,
)
from singlewindow.declarations.rules.rule import ITEMS, SHIPMENT, Findings, Rule, Scope, path_below, quoted

_KIND = "Declaration/TypeCode"
_KIND_PATH = path_below(DECLARATION_PATH, "TypeCode")


class LrnLength(Rule, frozen=True):
    """The trader's own reference is not longer than the country's systems allow; the schema allows 35 characters."""

    name = "LRN-LENGTH"
    code = "VALUE_TOO_LONG"
    reads = ("Declaration/FunctionalReferenceID",)
    advice = "Shorten the reference; it must stay unique."

    longest: int

    def check(self, context: Context) -> Findings:
        length = len(value(context.tree, "FunctionalReferenceID"))
        if length > self.longest:
            path = path_below(DECLARATION_PATH, "FunctionalReferenceID")
            yield path, f"The reference (LRN) has {length} characters; at most {self.longest} are allowed."


class TypeKnown(Rule, frozen=True):
    """The type of an original is a direction of trade and a letter for the kind of declaration (DE 1/1, 1/2).

    Both are codes of a list: the country's own if its profile has one, otherwise the list that customs commonly use.
    """

    name = "TYPE-KNOWN"
    code = "UNKNOWN_CODE"
    reads = (_KIND,)
    advice = "Give two capital letters for the direction and one for the kind, such as IMA."

    directions: frozenset[str]
    letters: frozenset[str]

    def check(self, context: Context) -> Findings:
        kind = context.kind
        if not kind:
            yield _KIND_PATH, f"The declaration has no type. {self._known_types()}"
        elif kind[:2] not in self.directions or kind[2:] not in self.letters:
            yield _KIND_PATH, f"{quoted(kind)} is not a type of declaration. {self._known_types()}"

    def _known_types(self) -> str:
        return f"Directions are {', '.join(sorted(self.directions))}; letters are {', '.join(sorted(self.letters))}."


class RequestTypeKnown(Rule, frozen=True):
    """The type of a request says whether it amends, cancels, or announces the arrival of the goods."""

    name = "REQUEST-TYPE-KNOWN"
    code = "UNKNOWN_CODE"
    scope = Scope.REQUESTS
    reads = (_KIND,)
    advice = "Use the type for amendment, cancellation or arrival."

    types: frozenset[str]

    def check(self, context: Context) -> Findings:
        if context.kind not in self.types:
            yield _KIND_PATH, f"{quoted(context.kind)} is not a type of request."


class AcceptanceDateGiven(Rule, frozen=True):
    """A supplementary import declaration gives the date on which the goods were accepted (DE 5/31)."""

    name = "ACCEPTANCE-DATE-GIVEN"
    scope = Scope.IMPORTS
    reads = (_KIND, "Declaration/AcceptanceDateTime", "Declaration/AcceptanceDateTime/DateTimeString")
    advice = "Add AcceptanceDateTime with the date of the simplified declaration or of the entry in the records."

    kinds: frozenset[str]

    def check(self, context: Context) -> Findings:
        if context.kind[2:] in self.kinds and "AcceptanceDateTime" not in context.tree:
            path = path_below(DECLARATION_PATH, "AcceptanceDateTime")
            yield path, "The supplementary declaration has no date of acceptance."


_STATEMENTS = tuple(
    f"{parent}/AdditionalInformation{leaf}" for parent in ("Declaration", ITEMS) for leaf in ("", "/StatementCode")
)


class StatementsCompatible(Rule, frozen=True):
    """A declaration has no two statements that contradict each other."""

    name = "STATEMENTS-COMPATIBLE"
    reads = (ITEMS, *_STATEMENTS)
    advice = "Keep only the statement that is true of the goods."

    exclusive: tuple[tuple[str, str], ...]

    def check(self, context: Context) -> Findings:
        for first, second in self.exclusive:
            if first not in context.statements or second not in context.statements:
                continue
            for item in context.items:
                if second in item.statements:
                    place = item.statements.index(second) + 1
                    path = path_below(item.path, ("AdditionalInformation", place), "StatementCode")
                    yield path, f"Statements {first} and {second} cannot be used together."
                    break
            else:
                yield (
                    path_below(DECLARATION_PATH, "AdditionalInformation"),
                    f"Statements {first} and {second} cannot be used together.",
                )


class TransactionNatureLevel(Rule, frozen=True):
    """The nature of the transaction is given either for the whole shipment or for each item (DE 8/5)."""

    name = "TRANSACTION-NATURE-LEVEL"
    severity = Severity.WARNING
    reads = (f"{SHIPMENT}/TransactionNatureCode", ITEMS, f"{ITEMS}/TransactionNatureCode")
    advice = "Keep TransactionNatureCode at only one of the two levels."

    def check(self, context: Context) -> Findings:
        if "TransactionNatureCode" in context.shipment:
            for item in context.items:
                if "TransactionNatureCode" in item.tree:
                    path = path_below(item.path, "TransactionNatureCode")
                    yield path, f"Item {item.index} has the nature of the transaction, and the shipment has it, too."


class ExportCountryLevel(Rule, frozen=True):
    """The country of dispatch is given either for the whole shipment or for each item (DE 5/14)."""

    name = "EXPORT-COUNTRY-LEVEL"
    severity = Severity.WARNING
    reads = (f"{SHIPMENT}/ExportCountry", ITEMS, f"{ITEMS}/ExportCountry")
    advice = "Keep ExportCountry at only one of the two levels."

    def check(self, context: Context) -> Findings:
        if "ExportCountry" in context.shipment:
            for item in context.items:
                if "ExportCountry" in item.tree:
                    path = path_below(item.path, "ExportCountry", "ID")
                    yield path, f"Item {item.index} has the country of dispatch, and the shipment has it, too."
