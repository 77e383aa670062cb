"""Rules about prices and customs value: one currency, matching sums, and what the transaction value needs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.model import decimal_of
from singlewindow.declarations.rules.context import (
    DECLARATION_PATH,
    SHIPMENT_PATH,
    Context,
    Item,
    capitals,
    group,
    value,
)
from singlewindow.declarations.rules.rule import COMMODITY, ITEMS, SHIPMENT, Findings, Rule, Scope, path_below, quoted

_PRICE = f"{COMMODITY}/InvoiceLine/ItemChargeAmount"
_METHOD = f"{ITEMS}/CustomsValuation/MethodCode"
_INVOICE = "Declaration/InvoiceAmount"


def _item_price(item: Item) -> tuple[Decimal | None, str]:
    """The item's price and its currency, or "" if it has none."""
    leaf = group(item.commodity, "InvoiceLine").get("ItemChargeAmount")
    return (None, "") if leaf is None else (decimal_of(leaf), _currency_of(leaf))


def _currency_of(leaf: object) -> str:
    return str(leaf.get("@currencyID", "")) if isinstance(leaf, dict) else ""


class OneCurrency(Rule, frozen=True):
    """The prices of all items are in one currency (DE 4/10); another rule checks that currencies exist."""

    name = "ONE-CURRENCY"
    severity = Severity.WARNING
    reads = (_PRICE, f"{_PRICE}/@currencyID")
    advice = "Give all item prices in the currency of the invoice."

    known: frozenset[str]

    def check(self, context: Context) -> Findings:
        if len(context.items) < 2:
            return
        first = ""
        for item in context.items:
            currency = _item_price(item)[1]
            if currency not in self.known:
                continue
            first = first or currency
            if currency != first:
                path = path_below(item.path, "Commodity", "InvoiceLine", "ItemChargeAmount", "@currencyID")
                yield (
                    path,
                    f"The price of item {item.index} is in {quoted(currency)}, others are in {quoted(first)}.",
                )


class InvoiceCurrency(Rule, frozen=True):
    """The invoice total is in the currency of the item prices."""

    name = "INVOICE-CURRENCY"
    severity = Severity.WARNING
    reads = (_INVOICE, f"{_INVOICE}/@currencyID", _PRICE, f"{_PRICE}/@currencyID")
    advice = "Give InvoiceAmount and the item prices in one currency."

    known: frozenset[str]

    def check(self, context: Context) -> Findings:
        total = _currency_of(context.tree.get("InvoiceAmount"))
        if total not in self.known:
            return
        prices = {currency for item in context.items if (currency := _item_price(item)[1]) in self.known}
        if prices and total not in prices:
            path = path_below(DECLARATION_PATH, "InvoiceAmount", "@currencyID")
            yield path, f"The invoice total is in {quoted(total)}, but the item prices are in {quoted(min(prices))}."


class InvoiceTotal(Rule, frozen=True):
    """The invoice total is the sum of the item prices, if all of them are given in one currency."""

    name = "INVOICE-TOTAL"
    severity = Severity.WARNING
    code = "TOTALS_MISMATCH"
    reads = (_INVOICE, f"{_INVOICE}/@currencyID", _PRICE, f"{_PRICE}/@currencyID")
    advice = "Check the item prices against the invoice."

    def check(self, context: Context) -> Findings:
        leaf = context.tree.get("InvoiceAmount")
        total = decimal_of(leaf)
        if total is None or not context.items:
            return
        prices = [_item_price(item) for item in context.items]
        amounts = [amount for amount, _ in prices if amount is not None]
        if len(amounts) < len(prices) or {currency for _, currency in prices} != {_currency_of(leaf)}:
            return
        if sum(amounts) != total:
            path = path_below(DECLARATION_PATH, "InvoiceAmount")
            yield path, f"The invoice total is {total}, but the item prices add up to {sum(amounts)}."


class ValuationGiven(Rule, frozen=True):
    """An imported item has a valuation method (DE 4/16), and a price or a statistical value.

    `methods` are the last letters of types that need a method, because they are full declarations. `free` are the
    procedures that need no value yet, because nothing becomes due under them. Goods under one of
    `unit_price_procedures` that are valued by `unit_price_method` have a published unit price.
    """

    name = "VALUATION-GIVEN"
    severity = Severity.WARNING
    scope = Scope.IMPORTS
    reads = (
        "Declaration/TypeCode", ITEMS, _METHOD, f"{COMMODITY}/InvoiceLine", _PRICE, f"{ITEMS}/StatisticalValueAmount",
        f"{ITEMS}/GovernmentProcedure", f"{ITEMS}/GovernmentProcedure/CurrentCode",
    )  # fmt: skip
    advice = (
        "Add CustomsValuation/MethodCode and InvoiceLine/ItemChargeAmount; otherwise customs may ask for the papers."
    )

    methods: frozenset[str]
    free: frozenset[str]
    unit_price_method: str
    unit_price_procedures: frozenset[str]

    def check(self, context: Context) -> Findings:
        for item in context.items:
            if item.procedures and value(item.procedures[0], "CurrentCode") in self.free:
                continue
            method = value(group(item.tree, "CustomsValuation"), "MethodCode")
            if not _is_valued(item) and not self._has_unit_price(item, method):
                path = path_below(item.path, "Commodity", "InvoiceLine", "ItemChargeAmount")
                yield path, f"Item {item.index} has neither a price nor a statistical value above zero."
            elif context.kind[2:] in self.methods and not method:
                path = path_below(item.path, "CustomsValuation", "MethodCode")
                yield path, f"Item {item.index} has no valuation method."

    def _has_unit_price(self, item: Item, method: str) -> bool:
        further = (value(entry, "CurrentCode") for entry in item.procedures[1:])
        return method == self.unit_price_method and not self.unit_price_procedures.isdisjoint(further)


def _is_valued(item: Item) -> bool:
    price = group(item.commodity, "InvoiceLine").get("ItemChargeAmount")
    return any((decimal_of(amount) or 0) > 0 for amount in (price, item.tree.get("StatisticalValueAmount")))


def _by_transaction(context: Context, method: str) -> Iterator[Item]:
    """The items valued by `method`."""
    for item in context.items:
        if "CustomsValuation" in item.tree and capitals(group(item.tree, "CustomsValuation"), "MethodCode") == method:
            yield item


class ValuationTerms(Rule, frozen=True):
    """An item valued by its transaction price needs delivery terms, which say what the price covers (DE 4/1)."""

    name = "VALUATION-TERMS"
    reads = (ITEMS, _METHOD, f"{SHIPMENT}/TradeTerms")
    advice = "Add TradeTerms with the delivery terms and the place."

    method: str

    def check(self, context: Context) -> Findings:
        if "TradeTerms" not in context.shipment and any(_by_transaction(context, self.method)):
            yield (
                path_below(SHIPMENT_PATH, "TradeTerms"),
                "Goods are valued by their price, but there are no delivery terms.",
            )


class ValuationPrice(Rule, frozen=True):
    """An item valued by its transaction price has that price (DE 4/14)."""

    name = "VALUATION-PRICE"
    reads = (ITEMS, _METHOD, f"{COMMODITY}/InvoiceLine", _PRICE)
    advice = "Add InvoiceLine/ItemChargeAmount with the price of the item."

    method: str

    def check(self, context: Context) -> Findings:
        for item in _by_transaction(context, self.method):
            if "ItemChargeAmount" not in group(item.commodity, "InvoiceLine"):
                path = path_below(item.path, "Commodity", "InvoiceLine", "ItemChargeAmount")
                yield path, f"Item {item.index} is valued by its price, but has no price."


class ValuationDocument(Rule, frozen=True):
    """An item valued by its transaction price has an invoice, or the like, as evidence."""

    name = "VALUATION-DOCUMENT"
    reads = (
        ITEMS,
        _METHOD,
        f"{ITEMS}/AdditionalDocument",
        f"{ITEMS}/AdditionalDocument/CategoryCode",
        f"{ITEMS}/AdditionalDocument/TypeCode",
    )
    advice = "Add the invoice among the item's documents."

    method: str
    documents: frozenset[str]

    def check(self, context: Context) -> Findings:
        for item in _by_transaction(context, self.method):
            if self.documents.isdisjoint(item.document_codes):
                wanted = ", ".join(sorted(self.documents))
                path = path_below(item.path, "AdditionalDocument")
                yield path, f"Item {item.index} is valued by its price, but has none of the documents {wanted}."


class ValuationIndicators(Rule, frozen=True):
    """An item valued by its transaction price has the four indicators of influences on the price (DE 4/13)."""

    name = "VALUATION-INDICATORS"
    severity = Severity.WARNING
    reads = (ITEMS, _METHOD, f"{ITEMS}/ValuationAdjustment", f"{ITEMS}/ValuationAdjustment/AdditionCode")
    advice = "Add ValuationAdjustment/AdditionCode with four digits, each 0 or 1."

    method: str
    length: int

    def check(self, context: Context) -> Findings:
        for item in _by_transaction(context, self.method):
            indicators = value(group(item.tree, "ValuationAdjustment"), "AdditionCode")
            if len(indicators) != self.length or not indicators.isdigit():
                path = path_below(item.path, "ValuationAdjustment", "AdditionCode")
                yield path, f"Item {item.index} has {quoted(indicators)} instead of {self.length} valuation indicators."
