"""A country's profile: which national rules it applies, with which parameters, and what it adds to the code lists.

A profile is the file `profile.toml` in `config/countries/<code>/`. It is read once, at the start. A mistake in it stops
the start, with the file and the reason, so that none shows up only at the first declaration.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import msgspec

from singlewindow.declarations.rules.catalogue import NATIONAL_RULES, WCO, WCO_RULES
from singlewindow.declarations.rules.procedures import CommodityCode
from singlewindow.declarations.rules.rule import Rule

_LONGEST_PERIOD = 3650


class ProfileError(ValueError):
    """A country profile cannot be used: the text names the file, what is wrong, and what to do."""


class Types(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The types of original that a country has: each is a direction of trade and a letter.

    Goods items need no tariff code if the type ends in one of `without_tariff_code`. The defaults are in common
    use: box 1 of the Single Administrative Document (Regulation (EEC) 2454/93, annex 38) and data elements 1/1 and 1/2
    (Delegated Regulation (EU) 2015/2446, annex B).
    """

    directions: frozenset[str] = frozenset({"CO", "EU", "EX", "IM"})
    letters: frozenset[str] = frozenset("ABCDEFRUVXYZ")
    without_tariff_code: frozenset[str] = frozenset()


class Periods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a declaration may stay in a state, in days; what follows is in `docs/life-cycle.md`.

    `arrival`: from its first lodgement until its goods arrive, with a warning `arrival_warning` days before the end.
    The defaults of both are the UK's: 30 days (HMRC, CDS declaration instructions), warned 5 days before. `documents`
    and `inspection`: until what was asked for is given or done. `exit`: from the release of an export until it has left
    the country (150 days: Delegated Regulation (EU) 2015/2446, article 335). `request`: until an officer has answered a
    request; then it is refused.
    """

    arrival: float = 30
    arrival_warning: float = 5
    documents: float = 10
    inspection: float = 3
    exit: float = 150
    request: float = 10

    def __post_init__(self) -> None:
        if not all(0 < days <= _LONGEST_PERIOD for days in msgspec.structs.astuple(self)):
            raise ValueError(f"a period has more than 0 days and at most {_LONGEST_PERIOD}")
        if self.arrival_warning >= self.arrival:
            raise ValueError("arrival_warning must be shorter than arrival")


class InspectionPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where goods are inspected, and how many inspections begin there in an hour (`capacity`).

    It `serves` locations and offices: values of GoodsLocation and of the offices of declarations (WCO), and places of
    arrival reports. `opens` and `closes` are full hours in the `zone` (IANA), `days` the days of the week, 1 is Monday.
    """

    code: str
    name: str
    serves: frozenset[str]
    capacity: int
    zone: str
    opens: int = 8
    closes: int = 18
    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})

    def __post_init__(self) -> None:
        if not self.capacity > 0:
            raise ValueError(f"place {self.code!r} has no capacity")
        if not (0 <= self.opens < self.closes <= 24 and {*self.days} <= {*range(1, 8)} and self.days):
            raise ValueError(f"place {self.code!r} is never open: give hours from 0 to 24 and days from 1 to 7")
        if self.zone not in available_timezones():
            raise ValueError(f"place {self.code!r} has the zone {self.zone!r}; write for example Europe/London")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as written: `strict` names WCO warnings that are hard here, `rules` the national rules that apply.

    `currency` (ISO 4217) is the country's own, `tariff_scheme` the IdentificationTypeCode of the tariff code and
    `tariff_length` how many digits it has (0: any), `after_release` the last letters of the types that are lodged when
    the goods have already left, and `before_arrival` of those that may be lodged before the goods arrive.
    `also_written` are other codes that senders use for this country; they are refused, and the answer names the right
    one. `inspection_notice_hours`: an inspection begins so long after it was ordered at the earliest. `recognised` are
    the neighbouring posts and parties whose controls count as done.
    """

    country: str
    title: str
    currency: str
    tariff_scheme: str
    tariff_length: int = 0
    also_written: frozenset[str] = frozenset()
    after_release: frozenset[str] = frozenset()
    before_arrival: frozenset[str] = frozenset()
    types: Types = Types()
    periods: Periods = Periods()
    inspection_places: tuple[InspectionPlace, ...] = ()
    inspection_notice_hours: float = 2
    recognised: frozenset[str] = frozenset()
    extra_countries: frozenset[str] = frozenset()
    extra_currencies: frozenset[str] = frozenset()
    strict: frozenset[str] = frozenset()
    rules: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Profile:
    """One country: `rules` are its national rules by id, ready to run."""

    country: str
    title: str = ""
    currency: str = ""
    tariff_scheme: str = "TSP"
    tariff_length: int = 0
    also_written: frozenset[str] = frozenset()
    after_release: frozenset[str] = frozenset()
    before_arrival: frozenset[str] = frozenset()
    types: Types = field(default_factory=Types)
    periods: Periods = field(default_factory=Periods)
    inspection_places: tuple[InspectionPlace, ...] = ()
    inspection_notice_hours: float = 2
    recognised: frozenset[str] = frozenset()
    extra_countries: frozenset[str] = frozenset()
    extra_currencies: frozenset[str] = frozenset()
    strict: frozenset[str] = frozenset()
    rules: Mapping[str, Rule] | None = None


def load_profile(file: Path) -> Profile:
    """Read one `profile.toml`; raises ProfileError."""
    try:
        written = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _File)
        if written.country != file.parent.name:
            raise ValueError(f"country is {written.country!r} in the folder {file.parent.name!r}; make them one")
        if not re.fullmatch("[A-Z]{2}", written.country):
            raise ValueError(f"country is {written.country!r}; a country is two capital letters (ISO 3166)")
        _check_strict(written)
        rules = {rule_id: _national_rule(rule_id, written) for rule_id in written.rules}
    except (OSError, ValueError) as error:
        raise ProfileError(f"{file}: {error}. Correct the country profile.") from error
    return Profile(
        written.country,
        written.title,
        written.currency,
        written.tariff_scheme,
        written.tariff_length,
        written.also_written,
        written.after_release,
        written.before_arrival,
        written.types,
        written.periods,
        written.inspection_places,
        written.inspection_notice_hours,
        written.recognised,
        written.extra_countries,
        written.extra_currencies,
        written.strict,
        rules,
    )


def _check_strict(written: _File) -> None:
    known = {f"{WCO}-{rule.name}" for rule in WCO_RULES}
    unknown = sorted(written.strict - known)
    if unknown:
        raise ValueError(f"strict names {unknown[0]!r}, which is not a WCO rule")


def _national_rule(rule_id: str, written: _File) -> Rule:
    prefix = f"{written.country}-"
    kind = next((rule for rule in NATIONAL_RULES if prefix + rule.name == rule_id), None)
    if kind is None:
        raise ValueError(f"there is no national rule {rule_id!r}; use {prefix} and a name from docs/rules.md")
    parameters = written.rules[rule_id]
    if kind is CommodityCode:
        parameters = {"scheme": written.tariff_scheme, "length": written.tariff_length, **parameters}
    try:
        return msgspec.convert(parameters, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"rules.{rule_id}: {error}") from error
