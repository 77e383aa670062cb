"""Exact masses in kilograms, whatever unit they are declared in; a mass without a unit is in kilograms.

A unit is a code of UN/ECE Recommendation 20, which a tariff's qualifier may follow after `#` ("TNE#I"): the qualifier
says what was weighed, and the unit stays the same.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any, Final

from singlewindow.declarations.codelists import MASS_QUALIFIERS, MASS_UNITS
from singlewindow.declarations.model import decimal_of

KILOGRAM: Final = "KGM"
FACTORS: Final = MASS_UNITS | {
    f"{unit}#{qualifier}": factor for unit, factor in MASS_UNITS.items() for qualifier in MASS_QUALIFIERS
}
"""The kilograms of each unit that a mass may be in, with and without qualifier."""
_EXACT = Context(prec=60)


def unit_of(leaf: Any) -> str:
    """The unit of a mass as declared."""
    return str(leaf.get("@unitCode", KILOGRAM)) if isinstance(leaf, dict) else KILOGRAM


def kilograms_of(leaf: Any) -> Decimal | None:
    """The kilograms of a mass; None if it is absent, or its unit is not a unit of mass."""
    value, unit = decimal_of(leaf), unit_of(leaf)
    if value is None or unit == KILOGRAM:
        return value
    factor = FACTORS.get(unit)
    return None if factor is None else _EXACT.multiply(value, factor)


def mass_in_words(leaf: Any) -> str:
    """A mass as declared, for people: "3 TNE", or "3 kg" if that is its unit."""
    unit = unit_of(leaf)
    return f"{decimal_of(leaf)} {'kg' if unit == KILOGRAM else unit}"
