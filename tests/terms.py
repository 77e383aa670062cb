"""Terms of a country for tests that judge declarations without a window."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from singlewindow.declarations.rates import rates_digest
from singlewindow.risk.terms import Terms

DAY = date(2026, 6, 1)
RATES = {"USD": Decimal("1.25"), "EUR": Decimal("1.15"), "JPY": Decimal(200), "VND": Decimal(33_500)}


def terms_on(day: date) -> Terms:
    """Terms of the United Kingdom on a day."""
    return Terms(
        country="GB",
        day=day,
        currency="GBP",
        rates=RATES,
        rates_digest=rates_digest(RATES),
        after_release=frozenset("YZ"),
    )


TERMS = terms_on(DAY)
