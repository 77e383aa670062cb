"""The code lists that hold for every country: ISO 3166-1 alpha-2 countries and ISO 4217 currencies.

Each list is a file named with the date of its edition; codes that one country adds belong to its profile.
"""

from __future__ import annotations

import csv

from singlewindow.declarations.elements import SCHEMAS


def read_codes(name: str) -> frozenset[str]:
    """The codes of one list under `schemas/wco_datamodel/codelists/`; raises FileNotFoundError where it is absent."""
    with (SCHEMAS / "codelists" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return frozenset(row["code"] for row in csv.DictReader(lines))


COUNTRIES = read_codes("countries-2026-02")
CURRENCIES = read_codes("currencies-2026-02")
