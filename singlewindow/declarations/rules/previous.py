"""Rules about previous documents: earlier declarations, and the reference of the consignment."""

from __future__ import annotations

import re

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.rules.context import SHIPMENT_PATH, Context, capitals, group, value
from singlewindow.declarations.rules.rule import (
    ITEMS,
    SHIPMENT,
    Findings,
    Rule,
    Scope,
    check_pattern,
    path_below,
    quoted,
)

_PREVIOUS = (f"{SHIPMENT}/PreviousDocument", f"{ITEMS}/PreviousDocument")
_CATEGORIES = tuple(f"{path}/CategoryCode" for path in _PREVIOUS)
_TYPES = tuple(f"{path}/TypeCode" for path in _PREVIOUS)
_IDS = tuple(f"{path}/ID" for path in _PREVIOUS)
_UCR = f"{SHIPMENT}/UCR/TraderAssignedReferenceID"
_KIND = "Declaration/TypeCode"


class PreviousDocumentGiven(Rule, frozen=True):
    """A declaration names at least one previous document, so that the goods can be traced back (DE 2/1)."""

    name = "PREVIOUS-DOCUMENT-GIVEN"
    reads = _PREVIOUS
    advice = "Add PreviousDocument for the shipment or the item."

    def check(self, context: Context) -> Findings:
        if not context.previous_documents:
            yield path_below(SHIPMENT_PATH, "PreviousDocument"), "No previous document is named."


class PreviousDocumentCategory(Rule, frozen=True):
    """The category of a previous document is on the country's list."""

    name = "PREVIOUS-DOCUMENT-CATEGORY"
    code = "UNKNOWN_CODE"
    reads = (*_PREVIOUS, *_CATEGORIES)
    advice = "Use the category for summary, simplified or other previous documents."

    categories: frozenset[str]

    def check(self, context: Context) -> Findings:
        for base, index, document in context.previous_documents:
            category = capitals(document, "CategoryCode")
            if category not in self.categories:
                known = ", ".join(sorted(self.categories))
                path = path_below(base, ("PreviousDocument", index), "CategoryCode")
                yield path, f"A previous document has the category {quoted(category)}; it must be one of {known}."


class ConsignmentReference(Rule, frozen=True):
    """An export names the unique reference of its consignment, as a previous document or as the UCR."""

    name = "CONSIGNMENT-REFERENCE"
    scope = Scope.EXPORTS
    reads = (*_PREVIOUS, *_TYPES, _UCR, _KIND)
    advice = "Add a PreviousDocument of the type for the unique consignment reference."

    document: str

    def check(self, context: Context) -> Findings:
        types = (capitals(document, "TypeCode") for _, _, document in context.previous_documents)
        if self.document in types or value(group(context.shipment, "UCR"), "TraderAssignedReferenceID"):
            return
        path = path_below(SHIPMENT_PATH, "PreviousDocument")
        yield path, f"The export has no unique consignment reference (previous document {self.document})."


class ConsignmentReferenceForm(Rule, frozen=True):
    """A unique consignment reference has a digit for the year, the trader's identifier, a hyphen and a reference."""

    name = "CONSIGNMENT-REFERENCE-FORM"
    severity = Severity.WARNING
    reads = (*_PREVIOUS, *_TYPES, *_IDS)
    advice = "Write the last digit of the year, the country, the trader's identifier, a hyphen, your own reference."

    document: str
    pattern: str

    def __post_init__(self) -> None:
        check_pattern(self.pattern)

    def check(self, context: Context) -> Findings:
        for base, index, document in context.previous_documents:
            if capitals(document, "TypeCode") != self.document:
                continue
            reference = value(document, "ID")
            if not re.fullmatch(self.pattern, reference):
                path = path_below(base, ("PreviousDocument", index), "ID")
                yield path, f"{quoted(reference)} does not have the form of a unique consignment reference."


class SupplementaryPrevious(Rule, frozen=True):
    """A supplementary declaration names the simplified declaration or the entry in the records that it completes."""

    name = "SUPPLEMENTARY-PREVIOUS"
    severity = Severity.WARNING
    reads = (_KIND, *_PREVIOUS, *_TYPES)
    advice = "Add the PreviousDocument that this declaration completes."

    kinds: frozenset[str]
    documents: frozenset[str]

    def check(self, context: Context) -> Findings:
        if context.kind[2:] not in self.kinds:
            return
        types = (capitals(document, "TypeCode") for _, _, document in context.previous_documents)
        if self.documents.isdisjoint(types):
            wanted = " or ".join(sorted(self.documents))
            path = path_below(SHIPMENT_PATH, "PreviousDocument")
            yield path, f"The supplementary declaration names no previous document of type {wanted}."
