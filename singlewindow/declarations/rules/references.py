"""Rules about references and identifiers: the trader's own reference, and the characters codes are written in."""

from __future__ import annotations

import re

from singlewindow.declarations.rules.context import DECLARATION_PATH, Context, groups, value
from singlewindow.declarations.rules.leaves import IDENTIFIERS, Walk
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, Findings, Rule, Scope, quoted, under

_LRN = "Declaration/FunctionalReferenceID"
_LRN_PATH = under(DECLARATION_PATH, "FunctionalReferenceID")
_LRN_FORM = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9 ._/()+:,#&=-]*[A-Za-z0-9_.)-])?")
_CLASSIFICATIONS = f"{COMMODITY}/Classification"
_NUMERIC_SCHEMES = ("TSP", "TRC", "HS", "SRZ")
_CODED = Walk(IDENTIFIERS)


def _lrn(context: Context) -> str:
    """The reference exactly as sent, because it is a key: white space around it is not taken away."""
    leaf = context.tree.get("FunctionalReferenceID")
    return leaf if isinstance(leaf, str) else ""


class LrnGiven(Rule, frozen=True):
    """An original carries the trader's own reference (LRN), by which it is told from every other (DE 2/5)."""

    name = "LRN-GIVEN"
    reads = (_LRN,)
    advice = "Give the declaration a reference of your own in FunctionalReferenceID and never use it again."

    def check(self, context: Context) -> Findings:
        if not _lrn(context).strip():
            yield _LRN_PATH, "The declaration has no reference of its sender (LRN)."


class LrnCharacters(Rule, frozen=True):
    """The trader's own reference is written in ASCII letters and digits with plain punctuation inside.

    It is a key that people read out, type and put in addresses: look-alike letters, invisible characters, white space
    at the ends, quotes, percent signs and parent folders would make two references out of one.
    """

    name = "LRN-CHARACTERS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = (_LRN,)
    advice = "Use the letters A-Z and a-z, digits, and - _ . / inside; no white space at the ends."

    def check(self, context: Context) -> Findings:
        lrn = _lrn(context)
        if lrn and (not _LRN_FORM.fullmatch(lrn) or "../" in lrn or "/.." in lrn):
            yield _LRN_PATH, f"The reference (LRN) {lrn[:40]!a} holds characters that are not allowed there."


class IdentifierCharacters(Rule, frozen=True):
    """Codes and identifiers are printable ASCII; other scripts belong in names, addresses and descriptions.

    Left out are identifiers that are free text in practice: shipping marks, postcodes, names of ships, and references
    of documents.
    """

    name = "IDENTIFIER-CHARACTERS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = IDENTIFIERS.paths
    leafwise = True
    advice = "Type the value again on a plain keyboard: full-width, accented and invisible characters do not count."

    def check(self, context: Context) -> Findings:
        if context.is_plain() or all(_is_plain(text) for text in _CODED.texts(context.tree)[IDENTIFIERS]):
            return
        for path, text in IDENTIFIERS.places(context.tree):
            if not _is_plain(text):
                yield path, f"{path[-1].name} holds characters other than plain ASCII: {text[:40]!a}."


def _is_plain(text: str) -> bool:
    return text.isascii() and text.strip().isprintable()


class CommodityDigits(Rule, frozen=True):
    """Commodity codes of the Harmonized System and its national extensions are digits only.

    The usual slips are the letters O and l for the digits 0 and 1.
    """

    name = "COMMODITY-DIGITS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = (ITEMS, _CLASSIFICATIONS, f"{_CLASSIFICATIONS}/ID", f"{_CLASSIFICATIONS}/IdentificationTypeCode")
    advice = "Write the commodity code with the digits 0 to 9 only, without dots or spaces."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, entry in enumerate(groups(item.commodity, "Classification"), start=1):
                if value(entry, "IdentificationTypeCode") not in _NUMERIC_SCHEMES:
                    continue
                code = value(entry, "ID")
                if code and not code.isdigit() and _is_plain(code):
                    path = under(item.path, "Commodity", ("Classification", index), "ID")
                    yield path, f"The commodity code {quoted(code)} of item {item.index} is not all digits."


class RequestNamesDeclaration(Rule, frozen=True):
    """A request (amendment, cancellation, arrival) names by its MRN the declaration it is about."""

    name = "REQUEST-NAMES-DECLARATION"
    scope = Scope.REQUESTS
    reads = ("Declaration/ID",)
    advice = "Put the MRN of the declaration concerned in Declaration/ID."

    def check(self, context: Context) -> Findings:
        if not value(context.tree, "ID"):
            yield under(DECLARATION_PATH, "ID"), "The request does not say by MRN which declaration it is about."
