"""Rules about duties and taxes: who pays how, preferences and the origin they rest on."""

from __future__ import annotations

from collections.abc import Iterator

from singlewindow.declarations.faults import Path
from singlewindow.declarations.model import Tree
from singlewindow.declarations.rules.context import (
    DECLARATION_PATH,
    Context,
    Item,
    capitals,
    group,
    groups,
    value,
)
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, Finding, Findings, Rule, quoted, under

_TAX = f"{COMMODITY}/DutyTaxFee"
_METHOD = f"{_TAX}/Payment/MethodCode"
_PREFERENCE = f"{_TAX}/DutyRegimeCode"
_ACCOUNTS = tuple(f"Declaration/AdditionalDocument{leaf}" for leaf in ("", "/TypeCode", "/ID"))


def _paid_by(context: Context, methods: frozenset[str]) -> Path | None:
    """Where the first tax line stands that is paid by one of `methods`."""
    for item in context.items:
        for index, tax in enumerate(item.taxes, start=1):
            if "Payment" in tax and capitals(group(tax, "Payment"), "MethodCode") in methods:
                return under(item.path, "Commodity", ("DutyTaxFee", index), "Payment", "MethodCode")
    return None


class DefermentAccount(Rule, frozen=True):
    """A payment that is deferred names the account it goes to among the header's documents (DE 2/6, 4/8)."""

    name = "DEFERMENT-ACCOUNT"
    reads = (_TAX, _METHOD, *_ACCOUNTS)
    advice = (
        "Give the deferment account as an AdditionalDocument of the declaration, with its type in TypeCode and its "
        "number in ID, or choose another method of payment."
    )

    methods: frozenset[str]
    document: str

    def check(self, context: Context) -> Findings:
        accounts = groups(context.tree, "AdditionalDocument")
        if any(capitals(account, "TypeCode") == self.document and value(account, "ID") for account in accounts):
            return
        if _paid_by(context, self.methods):
            yield self._missing(accounts)

    def _missing(self, accounts: list[Tree]) -> Finding:
        """Where the account is missing, which may be only the type of a document that stands there."""
        for index, account in enumerate(accounts, start=1):
            at = under(DECLARATION_PATH, ("AdditionalDocument", index))
            if value(account, "TypeCode") == self.document:
                return under(at, "ID"), f"The deferment account ({self.document}) has no number."
            if not value(account, "TypeCode"):
                account_number = quoted(value(account, "ID"))
                text = f"Payment is deferred, and the document {account_number} does not say that it is the account"
                return under(at, "TypeCode"), f"{text}: it has no TypeCode {self.document}."
        path = under(DECLARATION_PATH, ("AdditionalDocument", len(accounts) + 1), "ID")
        return path, f"Payment is deferred and no deferment account ({self.document}) is named."


class DefermentAuthorisation(Rule, frozen=True):
    """Payment is deferred only under an authorisation whose holder is named.

    That its document is there as well is the rule on authorisations and documents.
    """

    name = "DEFERMENT-AUTHORISATION"
    reads = (
        _TAX,
        _METHOD,
        "Declaration/AuthorisationHolder",
        "Declaration/AuthorisationHolder/CategoryCode",
    )
    advice = "Add the authorisation's holder and its document, or choose another method of payment."

    methods: frozenset[str]
    authorisation: str

    def check(self, context: Context) -> Findings:
        if self.authorisation in context.authorisations:
            return
        path = _paid_by(context, self.methods)
        if path:
            yield path, f"Payment is deferred and no holder of authorisation {self.authorisation} is named."


class TaxPaymentMethod(Rule, frozen=True):
    """A tax line says how the tax is paid."""

    name = "TAX-PAYMENT-METHOD"
    reads = (_TAX, f"{_TAX}/TypeCode", f"{_TAX}/Payment", _METHOD)
    advice = "Add Payment/MethodCode to the tax line."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, tax in enumerate(item.taxes, start=1):
                if "TypeCode" in tax and "MethodCode" not in group(tax, "Payment"):
                    path = under(item.path, "Commodity", ("DutyTaxFee", index), "Payment", "MethodCode")
                    yield path, f"Tax {quoted(value(tax, 'TypeCode'))} of item {item.index} has no method of payment."


def _preferences(context: Context) -> Iterator[tuple[Item, int, str]]:
    """Every preference claimed: its item, the place of its tax line there, its code."""
    for item in context.items:
        for index, tax in enumerate(item.taxes, start=1):
            preference = capitals(tax, "DutyRegimeCode")
            if preference:
                yield item, index, preference


class OnePreference(Rule, frozen=True):
    """An item claims one preference (DE 4/17)."""

    name = "ONE-PREFERENCE"
    reads = (_TAX, _PREFERENCE)
    advice = "Keep the one preference that applies to the item."

    def check(self, context: Context) -> Findings:
        claimed: dict[int, str] = {}
        for item, index, preference in _preferences(context):
            first = claimed.setdefault(item.index, preference)
            if preference != first:
                path = under(item.path, "Commodity", ("DutyTaxFee", index), "DutyRegimeCode")
                yield path, f"Item {item.index} claims preference {quoted(preference)} beside {quoted(first)}."


class PreferenceOrigin(Rule, frozen=True):
    """A preference rests on an origin of the kind it asks for: preferential or not (DE 5/15, 5/16)."""

    name = "PREFERENCE-ORIGIN"
    reads = (_TAX, _PREFERENCE, f"{ITEMS}/Origin", f"{ITEMS}/Origin/TypeCode")
    advice = "Add Origin with the country and the kind of origin that the preference asks for."

    origins: dict[str, str]

    def check(self, context: Context) -> Findings:
        for item, _, preference in _preferences(context):
            wanted = self.origins.get(preference[0])
            if not wanted:
                continue
            given = groups(item.tree, "Origin")
            if all(capitals(origin, "TypeCode") != wanted for origin in given):
                path = under(item.path, ("Origin", len(given) + 1), "TypeCode")
                yield path, f"Preference {quoted(preference)} of item {item.index} needs an origin of kind {wanted}."
