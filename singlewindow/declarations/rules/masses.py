"""Rules about masses and other numbers: none is negative, goods weigh something, net is within gross."""

from __future__ import annotations

from decimal import Decimal

from singlewindow.declarations.faults import Severity
from singlewindow.declarations.model import decimal_of
from singlewindow.declarations.rules.context import Context, Item, group
from singlewindow.declarations.rules.leaves import DECIMALS, MASSES
from singlewindow.declarations.rules.rule import COMMODITY, Findings, Rule, Scope, quoted, under

_MEASURE = f"{COMMODITY}/GoodsMeasure"
_BOTH = (f"{_MEASURE}/GrossMassMeasure", f"{_MEASURE}/NetNetWeightMeasure")


def _negative(text: str) -> bool:
    return text.lstrip().startswith("-") and bool(text.strip(" -0."))


class NotNegative(Rule, frozen=True):
    """Amounts, quantities, measures and numbers are not negative; WCO elements say by a code what is deducted."""

    name = "NOT-NEGATIVE"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = DECIMALS.paths
    leafwise = True
    advice = "Give the value without a minus sign, or leave the element out."

    def check(self, context: Context) -> Findings:
        if "-" not in "".join(context.texts[DECIMALS]):
            return
        for path, text in DECIMALS.places(context.tree):
            if _negative(text) and path[-1].name not in _WEIGHED:
                yield path, f"{path[-1].name} is {quoted(text)}; it must not be negative."


_WEIGHED = frozenset(path.rsplit("/", 1)[1] for path in MASSES.paths)


class MassPositive(Rule, frozen=True):
    """A stated mass is more than zero (DE 6/1, 6/5)."""

    name = "MASS-POSITIVE"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = MASSES.paths
    leafwise = True
    advice = "State the mass in kilograms, or leave the element out where none is required."

    def check(self, context: Context) -> Findings:
        if all(_weighs(text) for text in context.texts[MASSES]):
            return
        for path, text in MASSES.places(context.tree):
            if not _weighs(text):
                yield path, f"{path[-1].name} is {quoted(text)}; a mass must be more than zero."


def _weighs(text: str) -> bool:
    return "-" not in text and bool(text.strip(" +0."))


def _net_and_gross(item: Item) -> tuple[Decimal, Decimal] | None:
    """Net and gross mass where both are given, more than zero, and in the same unit."""
    measure = group(item.commodity, "GoodsMeasure")
    net, gross = measure.get("NetNetWeightMeasure"), measure.get("GrossMassMeasure")
    if net is None or gross is None or _unit(net) != _unit(gross):
        return None
    net_mass, gross_mass = decimal_of(net), decimal_of(gross)
    if net_mass is None or gross_mass is None or net_mass <= 0 or gross_mass <= 0:
        return None
    return net_mass, gross_mass


def _unit(measure: object) -> str:
    """Kilograms unless another unit is named."""
    return str(measure.get("@unitCode", "KGM")) if isinstance(measure, dict) else "KGM"


class NetMassWithinGross(Rule, frozen=True):
    """The net mass of an item is not above its gross mass."""

    name = "NET-MASS-WITHIN-GROSS"
    reads = _BOTH
    advice = "Check both masses: the gross mass includes the packaging."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            masses = _net_and_gross(item)
            if masses and masses[0] > masses[1]:
                path = under(item.path, "Commodity", "GoodsMeasure", "NetNetWeightMeasure")
                yield path, f"Item {item.index} weighs {masses[0]} kg net and only {masses[1]} kg gross."


class NetMassBelowGross(Rule, frozen=True):
    """The net mass of an item is below its gross mass; equal masses occur with goods in bulk."""

    name = "NET-MASS-BELOW-GROSS"
    severity = Severity.WARNING
    reads = _BOTH
    advice = "State the gross mass with the packaging and the net mass without it."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            masses = _net_and_gross(item)
            if masses and masses[0] == masses[1]:
                path = under(item.path, "Commodity", "GoodsMeasure", "NetNetWeightMeasure")
                yield path, f"Item {item.index} weighs {masses[0]} kg net and the same gross."
