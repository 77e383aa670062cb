"""Rules about duties and taxes: how they are paid, and which origin a preference needs."""

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
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, Finding, Findings, Rule, path_below, quoted

_TAX = f"{COMMODITY}/DutyTaxFee"
_METHOD = f"{_TAX}/Payment/MethodCode"
_PREFERENCE = f"{_TAX}/DutyRegimeCode"
_ACCOUNTS = tuple(f"Declaration/AdditionalDocument{leaf}" for leaf in ("", "/TypeCode", "/ID"))


def _paid_by(context: Context, methods: frozenset[str]) -> Path | None:
    """The place of the first tax line that is paid by one of `methods`."""
    for item in context.items:
        for index, tax in enumerate(item.taxes, start=1):
            if "Payment" in tax and capitals(group(tax, "Payment"), "MethodCode") in methods:
                return path_below(item.path, "Commodity", ("DutyTaxFee", index), "Payment", "MethodCode")
    return None


class DefermentAccount(Rule, frozen=True):
    """A deferred payment names its account among the documents of the header (DE 2/6, 4/8)."""

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
            yield self._missing_account(accounts)

    def _missing_account(self, accounts: list[Tree]) -> Finding:
        """The place where the account is missing; it may be only the type of a document."""
        for index, account in enumerate(accounts, start=1):
            at = path_below(DECLARATION_PATH, ("AdditionalDocument", index))
            if value(account, "TypeCode") == self.document:
                return path_below(at, "ID"), f"The deferment account ({self.document}) has no number."
            if not value(account, "TypeCode"):
                account_number = quoted(value(account, "ID"))
                text = f"Payment is deferred, but document {account_number} is not marked as the account"
                return path_below(at, "TypeCode"), f"{text}: it has no TypeCode {self.document}."
        path = path_below(DECLARATION_PATH, ("AdditionalDocument", len(accounts) + 1), "ID")
        return path, f"Payment is deferred, but no deferment account ({self.document}) is named."


class DefermentAuthorisation(Rule, frozen=True):
    """Payment can be deferred only under an authorisation, whose holder must be named.

    The rule on authorisations and documents checks that its document is there, too.
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
            yield path, f"Payment is deferred, but no holder of authorisation {self.authorisation} is named."


class TaxPaymentMethod(Rule, frozen=True):
    """A tax line says how the tax will be paid."""

    name = "TAX-PAYMENT-METHOD"
    reads = (_TAX, f"{_TAX}/TypeCode", f"{_TAX}/Payment", _METHOD)
    advice = "Add Payment/MethodCode to the tax line."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            for index, tax in enumerate(item.taxes, start=1):
                if "TypeCode" in tax and "MethodCode" not in group(tax, "Payment"):
                    path = path_below(item.path, "Commodity", ("DutyTaxFee", index), "Payment", "MethodCode")
                    yield path, f"Tax {quoted(value(tax, 'TypeCode'))} of item {item.index} has no method of payment."


def _claimed_preferences(context: Context) -> Iterator[tuple[Item, int, str]]:
    """Every claimed preference: its item, the place of its tax line in the item, its code."""
    for item in context.items:
        for index, tax in enumerate(item.taxes, start=1):
            preference = capitals(tax, "DutyRegimeCode")
            if preference:
                yield item, index, preference


class OnePreference(Rule, frozen=True):
    """An item claims only one preference (DE 4/17)."""

    name = "ONE-PREFERENCE"
    reads = (_TAX, _PREFERENCE)
    advice = "Keep only the preference that applies to the item."

    def check(self, context: Context) -> Findings:
        claimed: dict[int, str] = {}
        for item, index, preference in _claimed_preferences(context):
            first = claimed.setdefault(item.index, preference)
            if preference != first:
                path = path_below(item.path, "Commodity", ("DutyTaxFee", index), "DutyRegimeCode")
                yield path, f"Item {item.index} claims preference {quoted(preference)} as well as {quoted(first)}."


class PreferenceOrigin(Rule, frozen=True):
    """A preference needs an origin of the right kind, preferential or not (DE 5/15, 5/16)."""

    name = "PREFERENCE-ORIGIN"
    reads = (_TAX, _PREFERENCE, f"{ITEMS}/Origin", f"{ITEMS}/Origin/TypeCode")
    advice = "Add Origin with the country and the kind of origin that the preference needs."

    origins: dict[str, str]

    def check(self, context: Context) -> Findings:
        for item, _, preference in _claimed_preferences(context):
            wanted = self.origins.get(preference[0])
            if not wanted:
                continue
            given = groups(item.tree, "Origin")
            if all(capitals(origin, "TypeCode") != wanted for origin in given):
                path = path_below(item.path, ("Origin", len(given) + 1), "TypeCode")
                yield path, f"Preference {quoted(preference)} of item {item.index} needs an origin of kind {wanted}."
