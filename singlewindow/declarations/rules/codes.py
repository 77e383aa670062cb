"""Rules about codes: capital letters, countries and currencies that exist, and amounts with a currency."""

from __future__ import annotations

from collections.abc import Iterator

from singlewindow.declarations.faults import Path, Severity
from singlewindow.declarations.model import ROOT, find_nodes, text_of
from singlewindow.declarations.rules.context import Context
from singlewindow.declarations.rules.leaves import AMOUNT_CURRENCIES, AMOUNTS, CAPITALS, COUNTRIES, CURRENCIES
from singlewindow.declarations.rules.rule import Findings, Rule, Scope, path_below, quoted

BEYOND_ISO = frozenset(("EU", "XI", "XK"))
"""The European Union as an origin, Northern Ireland, Kosovo: in use by customs of many countries, outside ISO."""


class CodeCapitals(Rule, frozen=True):
    """Codes have capital letters, as in their lists: payment method E, authorisation CGU.

    The rule leaves out the access code of a guarantee, a word agreed with its holder.
    """

    name = "CODE-CAPITALS"
    code = "UNKNOWN_CODE"
    scope = Scope.EVERY
    reads = CAPITALS.paths
    leafwise = True
    advice = "Write the code in capital letters."

    def check(self, context: Context) -> Findings:
        together = "".join(context.texts[CAPITALS])
        if together == together.upper():
            return
        for path, text in CAPITALS.located_texts(context.tree):
            if text.isascii() and text != text.upper():
                yield path, f"{path[-1].name} is {quoted(text)}; its code list has {quoted(text.upper())}."


def _is_listed(text: str, known: frozenset[str]) -> bool:
    """Whether the code, in capitals, is in the list: small letters are the fault of another rule."""
    return text in known or (text.isascii() and text.upper() in known)


class CountryKnown(Rule, frozen=True):
    """Every country code is in ISO 3166-1, is EU, XI or XK, or is among the further codes of the country profile."""

    name = "COUNTRY-KNOWN"
    code = "UNKNOWN_CODE"
    scope = Scope.EVERY
    reads = COUNTRIES.paths
    leafwise = True
    advice = "Use the two capital letters of ISO 3166, such as FR."

    known: frozenset[str]

    def check(self, context: Context) -> Findings:
        if self.known.issuperset(context.texts[COUNTRIES]):
            return
        for path, text in COUNTRIES.located_texts(context.tree):
            if not _is_listed(text, self.known):
                yield path, f"{quoted(text)} is not a country code."


class CurrencyKnown(Rule, frozen=True):
    """Every currency code is in ISO 4217, or among the further codes that the country profile lists."""

    name = "CURRENCY-KNOWN"
    code = "UNKNOWN_CODE"
    scope = Scope.EVERY
    reads = CURRENCIES.paths
    leafwise = True
    advice = "Use the three capital letters of ISO 4217, such as EUR."

    known: frozenset[str]

    def check(self, context: Context) -> Findings:
        if self.known.issuperset(context.texts[CURRENCIES]):
            return
        for path, text in CURRENCIES.located_texts(context.tree):
            if not _is_listed(text, self.known):
                yield path, f"{quoted(text)} is not a currency code."


class AmountCurrency(Rule, frozen=True):
    """Every amount has a currency."""

    name = "AMOUNT-CURRENCY"
    severity = Severity.WARNING
    reads = (*AMOUNTS.paths, *AMOUNT_CURRENCIES.paths)
    leafwise = True
    advice = "Add the currencyID attribute with the ISO 4217 code."

    def check(self, context: Context) -> Findings:
        for path in _bare_amounts(context):
            yield path_below(path, "@currencyID"), f"{path[-1].name} has no currency."


def _bare_amounts(context: Context) -> Iterator[Path]:
    if len(context.texts[AMOUNTS]) == len(context.texts[AMOUNT_CURRENCIES]):
        return
    for path in AMOUNTS.relative:
        for steps, node in find_nodes(context.tree, path):
            if text_of(node) is not None and not (isinstance(node, dict) and node.get("@currencyID")):
                yield (ROOT, *steps)
