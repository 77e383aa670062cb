"""The code lists that hold for every country: ISO 3166-1 countries, ISO 4217 currencies, UN/ECE units of mass.

Each list is a file named with the date of its edition; codes that one country adds belong to its profile.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal

from singlewindow.declarations.elements import SCHEMAS


def read_codes(name: str) -> frozenset[str]:
    """The codes of one list under `schemas/wco_datamodel/codelists/`; raises FileNotFoundError if it is absent."""
    return frozenset(row["code"] for row in _csv_rows(name))


def _csv_rows(name: str) -> Iterator[dict[str, str]]:
    with (SCHEMAS / "codelists" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


COUNTRIES = read_codes("countries-2026-02")
CURRENCIES = read_codes("currencies-2026-02")
MASS_UNITS = {row["code"]: Decimal(row["kilograms"]) for row in _csv_rows("mass-units-2020")}
"""How many kilograms a unit is, by its code in UN/ECE Recommendation 20."""
MASS_QUALIFIERS = read_codes("mass-qualifiers-2026-02")
