"""Rules about the documents of an item: their codes, their references, and the authorisations that go with them."""

from __future__ import annotations

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.rules.context import DECLARATION_PATH, Context, capitals, groups, value
from singlewindow.declarations.rules.rule import ITEMS, Findings, Rule, path_below, quoted

_DOCUMENT = f"{ITEMS}/AdditionalDocument"
_CODE = (_DOCUMENT, f"{_DOCUMENT}/CategoryCode", f"{_DOCUMENT}/TypeCode")
_REFERENCE = ("ID", "LPCOExemptionCode", "Name")
_HOLDERS = ("Declaration/AuthorisationHolder", "Declaration/AuthorisationHolder/CategoryCode")


class DocumentCode(Rule, frozen=True):
    """The code of an item's document has four characters: one for its category and three for its type (DE 2/3)."""

    name = "DOCUMENT-CODE"
    reads = _CODE
    advice = "Split the code: the first character in CategoryCode, the other three in TypeCode."

    category_length: int
    type_length: int

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, document in enumerate(item.documents, start=1):
                category, kind = value(document, "CategoryCode"), value(document, "TypeCode")
                if len(category) == self.category_length and len(kind) == self.type_length:
                    continue
                leaf = "TypeCode" if len(category) == self.category_length else "CategoryCode"
                path = path_below(item.path, ("AdditionalDocument", index), leaf)
                yield path, f"The document code {quoted(category)} + {quoted(kind)} does not have 1 + 3 characters."


class DocumentReference(Rule, frozen=True):
    """A document has a reference, or a status or a statement in Name that explains why it has none."""

    name = "DOCUMENT-REFERENCE"
    severity = Severity.WARNING
    reads = (*_CODE, *(f"{_DOCUMENT}/{leaf}" for leaf in _REFERENCE))
    advice = "Add the document's reference in ID, its status in LPCOExemptionCode, or the statement in Name."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, document in enumerate(item.documents, start=1):
                if document.keys().isdisjoint(_REFERENCE):
                    path = path_below(item.path, ("AdditionalDocument", index), "ID")
                    code = item.document_codes[index - 1]
                    yield path, f"Document {code} has no reference, no status and no statement."


class DocumentOnce(Rule, frozen=True):
    """An item names each document, by code and reference, only once."""

    name = "DOCUMENT-ONCE"
    reads = (*_CODE, f"{_DOCUMENT}/ID")
    advice = "Give each document only once."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            seen: set[tuple[str, str]] = set()
            for index, document in enumerate(item.documents, start=1):
                key = (item.document_codes[index - 1], value(document, "ID"))
                if key in seen and all(key):
                    path = path_below(item.path, ("AdditionalDocument", index), "ID")
                    yield path, f"Document {key[0]} {quoted(key[1])} is given twice on item {item.index}."
                seen.add(key)


class AuthorisationDocument(Rule, frozen=True):
    """If the holder of an authorisation is named, some item has the authorisation among its documents."""

    name = "AUTHORISATION-DOCUMENT"
    reads = (*_HOLDERS, *_CODE)
    advice = "Add the authorisation to the item's documents, or remove its holder."

    documents: dict[str, str]

    def check(self, context: Context) -> Findings:
        for index, kind in enumerate(context.authorisations, start=1):
            document = self.documents.get(kind)
            if document and document not in context.document_codes:
                path = path_below(DECLARATION_PATH, ("AuthorisationHolder", index), "CategoryCode")
                yield path, f"Authorisation {kind} is named, but no item has its document {document}."


class DocumentAuthorisation(Rule, frozen=True):
    """A document that is an authorisation comes with its holder in AuthorisationHolder."""

    name = "DOCUMENT-AUTHORISATION"
    severity = Severity.WARNING
    reads = (*_HOLDERS, *_CODE)
    advice = "Add AuthorisationHolder with the identifier of the holder and the kind of authorisation."

    authorisations: dict[str, str]

    def check(self, context: Context) -> Findings:
        for document, kind in self.authorisations.items():
            if document in context.document_codes and kind not in context.authorisations:
                item = next(item for item in context.items if document in item.document_codes)
                place = item.document_codes.index(document) + 1
                path = path_below(item.path, ("AdditionalDocument", place), "TypeCode")
                yield path, f"Document {document} is given, but no holder of authorisation {kind} is named."


class GuaranteeGiven(Rule, frozen=True):
    """A declaration under the comprehensive guarantee says which guarantee secures the debt (DE 8/2)."""

    name = "GUARANTEE-GIVEN"
    severity = Severity.WARNING
    reads = (
        *_HOLDERS,
        *_CODE,
        "Declaration/ObligationGuarantee",
        "Declaration/ObligationGuarantee/SecurityDetailsCode",
    )
    advice = "Add ObligationGuarantee with the kind of guarantee."

    authorisation: str
    document: str
    kinds: frozenset[str]

    def check(self, context: Context) -> Findings:
        if self.authorisation not in context.authorisations or self.document not in context.document_codes:
            return
        guarantees = groups(context.tree, "ObligationGuarantee")
        if self.kinds.isdisjoint(capitals(guarantee, "SecurityDetailsCode") for guarantee in guarantees):
            path = path_below(DECLARATION_PATH, "ObligationGuarantee", "SecurityDetailsCode")
            kinds = " or ".join(sorted(self.kinds))
            yield path, f"Authorisation {self.authorisation} is used, but no guarantee of kind {kinds} is given."
