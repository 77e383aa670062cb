"""Rules about references and identifiers: the trader's own reference, and the characters that codes may have."""

from __future__ import annotations

import re
import unicodedata

from singlewindow.declarations.faults import Path
from singlewindow.declarations.rules.context import DECLARATION_PATH, Context, capitals, groups, value
from singlewindow.declarations.rules.leaves import IDENTIFIERS, UNBROKEN, Walk
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, Findings, Rule, Scope, path_below, quoted
from singlewindow.declarations.values import UNSEEN, shown

_LRN = "Declaration/FunctionalReferenceID"
_LRN_PATH = path_below(DECLARATION_PATH, "FunctionalReferenceID")
_LRN_STRANGE = re.compile(
    r"\A[^A-Za-z0-9_]|[^A-Za-z0-9 ._/()+:,#&=-]|\.\./|/\.\.|[^A-Za-z0-9_.)-]\Z"  # fewer are allowed at its ends
)
_CLASSIFICATIONS = f"{COMMODITY}/Classification"
_ADDITION = "TRC"
_HARMONIZED = ("HS", "SRZ")
_CODED = Walk(IDENTIFIERS)


class LrnGiven(Rule, frozen=True):
    """An original has the trader's own reference (LRN), which tells it from every other declaration (DE 2/5)."""

    name = "LRN-GIVEN"
    reads = (_LRN,)
    advice = "Put a reference of your own into FunctionalReferenceID, and never use it again."

    def check(self, context: Context) -> Findings:
        if not value(context.tree, "FunctionalReferenceID"):
            yield _LRN_PATH, "The declaration has no reference (LRN)."


class LrnCharacters(Rule, frozen=True):
    """The trader's own reference has ASCII letters and digits, with plain punctuation inside.

    It is a key that people read out, type and put into addresses. Look-alike letters, invisible characters, quotes,
    percent signs and parent folders would turn one reference into two. Blanks inside count as they were sent.
    """

    name = "LRN-CHARACTERS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = (_LRN,)
    advice = (
        "Begin with a letter, a digit or _; go on with letters A-Z and a-z, digits, blanks and . _ - / ( ) + : , # & = "
        "but without ../ and /.. in it; end with a letter, a digit, or one of . _ - )."
    )

    def check(self, context: Context) -> Findings:
        lrn = value(context.tree, "FunctionalReferenceID")
        if lrn and (strange := _LRN_STRANGE.search(lrn)):
            what = _described_character(strange[0]) if len(strange[0]) == 1 else shown(strange[0])
            yield _LRN_PATH, f"The reference (LRN) {shown(lrn)} has {what} as character {strange.start() + 1}."


class IdentifierSpace(Rule, frozen=True):
    """Identifiers of one word have no white space and no invisible characters, so that none look alike but differ.

    These are the identifiers of parties, customs offices, containers and seals, MRN and UCR, and commodity codes.
    References of documents and names of means of transport may have blanks, which count as they were sent.
    """

    name = "IDENTIFIER-SPACE"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = UNBROKEN.paths
    leafwise = True
    advice = "Remove the character."

    def check(self, context: Context) -> Findings:
        together = "".join(context.texts[UNBROKEN])
        if together.isascii() and together.isprintable() and " " not in together:
            return
        for path, text in UNBROKEN.located_texts(context.tree):
            found = next((at for at, letter in enumerate(text, start=1) if letter in UNSEEN), 0)
            if found:
                what = _described_character(text[found - 1])
                yield path, f"{path[-1].name} has {what} as character {found}: {text[:40]!a}."


def _described_character(letter: str) -> str:
    """A character by number and name: "U+00A0 (no-break space)"."""
    names = {" ": "blank", "\t": "tab"}
    return f"U+{ord(letter):04X} ({names.get(letter) or unicodedata.name(letter, 'unnamed').lower()})"


class IdentifierCharacters(Rule, frozen=True):
    """Codes and identifiers are printable ASCII; other scripts belong in names, addresses and descriptions.

    The rule leaves out identifiers that are free text in practice: shipping marks, postcodes, names of ships, and
    references of documents.
    """

    name = "IDENTIFIER-CHARACTERS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = IDENTIFIERS.paths
    leafwise = True
    advice = "Type the value again in plain ASCII, without full-width, accented or invisible characters."

    def check(self, context: Context) -> Findings:
        if context.is_plain() or all(_is_plain(text) for text in _CODED.texts(context.tree)[IDENTIFIERS]):
            return
        for path, text in IDENTIFIERS.located_texts(context.tree):
            if not _is_plain(_without_unseen(path, text)):
                yield path, f"{path[-1].name} has characters outside plain ASCII: {text[:40]!a}."


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _without_unseen(path: Path, text: str) -> str:
    """The text without invisible characters, which are the fault of another rule."""
    unbroken = "/".join(step.name for step in path) in UNBROKEN.paths
    return "".join(letter for letter in text if letter not in UNSEEN) if unbroken else text


class CommodityDigits(Rule, frozen=True):
    """Commodity codes of the Harmonized System and its national extensions have an even number of digits (DE 6/14).

    Common mistakes are the letters O and l for the digits 0 and 1, and a spreadsheet that drops a leading zero: it
    turns 08061010 into 8061010, whose first digits mean other goods.
    """

    name = "COMMODITY-DIGITS"
    code = "INVALID_CHARACTERS"
    scope = Scope.EVERY
    reads = (ITEMS, _CLASSIFICATIONS, f"{_CLASSIFICATIONS}/ID", f"{_CLASSIFICATIONS}/IdentificationTypeCode")
    advice = "Write the whole commodity code in digits only, with leading zeros, without dots or spaces."

    scheme: str = "TSP"

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, entry in enumerate(groups(item.commodity, "Classification"), start=1):
                code = value(entry, "ID")
                problem = self._digits_problem(capitals(entry, "IdentificationTypeCode"), code)
                if code and problem and _is_plain(code) and UNSEEN.isdisjoint(code):
                    path = path_below(item.path, "Commodity", ("Classification", index), "ID")
                    yield path, f"The commodity code {quoted(code)} of item {item.index} {problem}."

    def _digits_problem(self, scheme: str, code: str) -> str:
        if scheme not in (self.scheme, *_HARMONIZED, _ADDITION):
            return ""
        if not code.isdigit():
            return "has characters other than digits"
        odd = len(code) % 2 == 1 and scheme != _ADDITION
        return f"has {len(code)} digits, an odd number: one is missing" if odd else ""


class TariffCodeOnce(Rule, frozen=True):
    """An item has at most one tariff code (DE 6/14).

    The country decides which IdentificationTypeCode is the tariff's. Goods with two codes are two items.
    """

    name = "TARIFF-CODE-ONCE"
    scope = Scope.EVERY
    reads = (ITEMS, _CLASSIFICATIONS, f"{_CLASSIFICATIONS}/IdentificationTypeCode")
    advice = "Keep the code that classifies the goods; declare other goods as an item of their own."

    scheme: str = "TSP"

    def check(self, context: Context) -> Findings:
        for item in context.items:
            entries = enumerate(groups(item.commodity, "Classification"), start=1)
            tariff = [at for at, entry in entries if capitals(entry, "IdentificationTypeCode") == self.scheme]
            for extra in tariff[1:]:
                path = path_below(item.path, "Commodity", ("Classification", extra), "ID")
                yield path, f"Item {item.index} has {len(tariff)} tariff codes ({self.scheme})."
                break


class RequestNamesDeclaration(Rule, frozen=True):
    """A request (amendment, cancellation, arrival) has the MRN of the declaration that it is about."""

    name = "REQUEST-NAMES-DECLARATION"
    scope = Scope.REQUESTS
    reads = ("Declaration/ID",)
    advice = "Put the MRN of the declaration that the request is about into Declaration/ID."

    def check(self, context: Context) -> Findings:
        if not value(context.tree, "ID"):
            yield path_below(DECLARATION_PATH, "ID"), "The request has no MRN."
