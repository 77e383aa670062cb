"""The terms of a declaration beyond its own text: those of its country, the home currency, and the day.

Facts are measured in these terms, so that a condition means the same whatever the currency or type of a declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from singlewindow.declarations.model import Tree, text_of
from singlewindow.declarations.rates import rates_digest
from singlewindow.declarations.rules import Rulebooks


@dataclass(frozen=True)
class Terms:
    """The terms of one country on one day.

    `currency` is the home currency, in which facts state amounts; `rates` says how many units of another currency
    one unit of it buys, and `rates_digest` distinguishes the rates of one day from those of another. `tariff_scheme` is
    the IdentificationTypeCode of the tariff code, `tariff_length` its number of digits (0: any). `after_release` are
    the last letters of the types that are lodged when the goods have already left.
    """

    country: str
    day: date
    currency: str
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    rates_digest: str = ""
    tariff_scheme: str = "TSP"
    tariff_length: int = 0
    after_release: frozenset[str] = frozenset()

    def is_after_release(self, declaration: Tree) -> bool:
        """Whether a declaration of this type is lodged after its goods have left."""
        kind = (text_of(declaration.get("TypeCode")) or "").strip().upper()
        return len(kind) == 3 and kind[2] in self.after_release


@lru_cache(maxsize=256)
def terms_of(rulebooks: Rulebooks, country: str, day: date) -> Terms:
    """The terms of a country's declarations on that day; the home country's for one that is no longer served."""
    home, profile = rulebooks.profile_of(rulebooks.home), rulebooks.profile_of(country)
    rates = rulebooks.rates.units_on(day)
    return Terms(
        country=profile.country,
        day=day,
        currency=home.currency,
        rates=rates,
        rates_digest=rates_digest(rates),
        tariff_scheme=profile.tariff_scheme,
        tariff_length=profile.tariff_length,
        after_release=profile.after_release,
    )
