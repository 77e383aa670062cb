"""Terms of a country for tests that judge declarations without a window."""

from __future__ import annotations

from datetime import date

from singlewindow.risk.terms import Terms

DAY = date(2026, 6, 1)
TERMS = Terms(country="GB", day=DAY, currency="GBP", after_release=frozenset("YZ"))


def terms_on(day: date) -> Terms:
    """The same on another day."""
    return Terms(country="GB", day=day, currency="GBP", after_release=frozenset("YZ"))
