"""Rules about masses and other numbers: none is negative, masses have units of mass, net is not above gross."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from singlewindow.declarations.codelists import MASS_UNITS as UNITS
from singlewindow.declarations.faults import Severity
from singlewindow.declarations.masses import FACTORS, kilograms_of, mass_in_words
from singlewindow.declarations.rules.context import Context, Item, group
from singlewindow.declarations.rules.leaves import DECIMALS, MASS_UNITS, MASSES
from singlewindow.declarations.rules.rule import COMMODITY, Findings, Rule, Scope, path_below, quoted

_MEASURE = f"{COMMODITY}/GoodsMeasure"
_BOTH = tuple(
    f"{_MEASURE}/{mass}{unit}" for mass in ("GrossMassMeasure", "NetNetWeightMeasure") for unit in ("", "/@unitCode")
)


def _is_negative(text: str) -> bool:
    return text.lstrip().startswith("-") and bool(text.strip(" -0."))


class NotNegative(Rule, frozen=True):
    """Amounts, quantities, measures and numbers are not negative; in WCO elements a code marks a deduction."""

    name = "NOT-NEGATIVE"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = DECIMALS.paths
    leafwise = True
    advice = "Give the value without a minus sign, or remove the element."

    def check(self, context: Context) -> Findings:
        if "-" not in "".join(context.texts[DECIMALS]):
            return
        for path, text in DECIMALS.located_texts(context.tree):
            if _is_negative(text) and path[-1].name not in _WEIGHED:
                yield path, f"{path[-1].name} is {quoted(text)}; it must not be negative."


_WEIGHED = frozenset(path.rsplit("/", 1)[1] for path in MASSES.paths)


class MassPositive(Rule, frozen=True):
    """A mass, if given, is more than zero (DE 6/1, 6/5)."""

    name = "MASS-POSITIVE"
    code = "VALUE_OUT_OF_RANGE"
    scope = Scope.EVERY
    reads = MASSES.paths
    leafwise = True
    advice = "Give the mass in kilograms."

    def check(self, context: Context) -> Findings:
        if all(_is_positive(text) for text in context.texts[MASSES]):
            return
        for path, text in MASSES.located_texts(context.tree):
            if not _is_positive(text):
                yield path, f"{path[-1].name} is {quoted(text)}; a mass must be more than zero."


def _is_positive(text: str) -> bool:
    return "-" not in text and bool(text.strip(" +0."))


class MassUnit(Rule, frozen=True):
    """A mass is in kilograms or in another unit of mass of UN/ECE Recommendation 20.

    A qualifier of the tariff may follow the unit, as in KGM#G. A mass in any other unit cannot be compared.
    """

    name = "MASS-UNIT"
    code = "UNKNOWN_CODE"
    scope = Scope.EVERY
    reads = MASS_UNITS.paths
    leafwise = True
    advice = (
        "Convert the mass to KGM (kilograms), or use another unit of mass, such as TNE, GRM or LBR; "
        "all are in schemas/wco_datamodel/codelists/mass-units-2020.csv."
    )

    def check(self, context: Context) -> Findings:
        if FACTORS.keys() >= set(context.texts[MASS_UNITS]):
            return
        for path, text in MASS_UNITS.located_texts(context.tree):
            if (meant := text.strip().upper()) in FACTORS and text not in FACTORS:
                yield path, f"{path[-2].name} has the unit {quoted(text)}, which is written {meant}.", f"Write {meant}."
            elif text not in FACTORS:
                yield path, f"{path[-2].name} has the unit {quoted(text)}, {_no_unit(text)}."


def _no_unit(text: str) -> str:
    unit, _, qualifier = text.partition("#")
    return f"and {quoted(qualifier)} is not a qualifier of a mass" if unit in UNITS else "which is not a unit of mass"


class _Weighed(NamedTuple):
    """The net and the gross mass of one item, in kilograms, and as declared."""

    net: Decimal
    gross: Decimal
    net_spelled: str
    gross_spelled: str


def _net_and_gross(item: Item) -> _Weighed | None:
    """Net and gross mass, if both are given in units of mass and are more than zero."""
    measure = group(item.commodity, "GoodsMeasure")
    net, gross = measure.get("NetNetWeightMeasure"), measure.get("GrossMassMeasure")
    net_mass, gross_mass = kilograms_of(net), kilograms_of(gross)
    if net_mass is None or gross_mass is None or net_mass <= 0 or gross_mass <= 0:
        return None
    return _Weighed(net_mass, gross_mass, mass_in_words(net), mass_in_words(gross))


class NetMassWithinGross(Rule, frozen=True):
    """The net mass of an item is not above its gross mass."""

    name = "NET-MASS-WITHIN-GROSS"
    reads = _BOTH
    advice = "Check both masses: the gross mass includes the packaging."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            masses = _net_and_gross(item)
            if masses and masses.net > masses.gross:
                path = path_below(item.path, "Commodity", "GoodsMeasure", "NetNetWeightMeasure")
                yield path, f"Item {item.index} weighs {masses.net_spelled} net, but only {masses.gross_spelled} gross."


class NetMassBelowGross(Rule, frozen=True):
    """The net mass of an item is below its gross mass; goods in bulk may have equal masses."""

    name = "NET-MASS-BELOW-GROSS"
    severity = Severity.WARNING
    reads = _BOTH
    advice = "Give the gross mass with the packaging and the net mass without it."

    def check(self, context: Context) -> Findings:
        for item in context.items:
            masses = _net_and_gross(item)
            if masses and masses.net == masses.gross:
                path = path_below(item.path, "Commodity", "GoodsMeasure", "NetNetWeightMeasure")
                yield path, f"Item {item.index} weighs {masses.net_spelled} net and {masses.gross_spelled} gross."
