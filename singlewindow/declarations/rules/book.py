"""The rulebook of a country: the WCO layer and its national rules, bound to ids and run over one declaration."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from singlewindow.declarations.codelists import COUNTRIES, CURRENCIES
from singlewindow.declarations.faults import Fault, Refused, Severity
from singlewindow.declarations.faults import Path as Place
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.rates import FILE, NO_RATES, RateTable, read_rates
from singlewindow.declarations.rules.catalogue import WCO, WCO_RULES
from singlewindow.declarations.rules.codes import BEYOND_ISO, CountryKnown, CurrencyKnown
from singlewindow.declarations.rules.context import ORIGINAL, REQUEST, Context
from singlewindow.declarations.rules.counts import ItemLimit
from singlewindow.declarations.rules.header import TypeKnown
from singlewindow.declarations.rules.procedures import TariffCodeGiven
from singlewindow.declarations.rules.profiles import Profile, ProfileError, load_profile
from singlewindow.declarations.rules.references import CommodityDigits, TariffCodeOnce
from singlewindow.declarations.rules.rule import Rule, Scope, quoted
from singlewindow.declarations.rules.valuation import InvoiceCurrency, OneCurrency

_IMPORT, _EXPORT, _SPECIAL_TERRITORIES = "IM", "EX", "CO"


@dataclass(frozen=True)
class BoundRule:
    """A rule as one country applies it."""

    rule_id: str
    severity: Severity
    rule: Rule

    def is_hindered(self, broken_paths: Collection[str]) -> bool:
        """Whether the schema found a fault in an element that the rule reads, or in one around it."""
        return any(_hides_element(broken, read) for read in self.rule.reads for broken in broken_paths)

    def faults(self, context: Context) -> Iterator[Fault]:
        """The faults that the rule finds."""
        rule = self.rule
        for place, text, *own in rule.check(context):
            advice = own[0] if own else rule.advice
            yield Fault(self.rule_id, rule.code, self.severity, text, advice, place)


def schema_path(place: Place) -> str:
    """The path of a place without positions: "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"."""
    return "/".join(step.name for step in place)


def _hides_element(broken: str, read: str) -> bool:
    return read == broken or read.startswith(f"{broken}/")


class Rulebook:
    """All rules that one country applies."""

    def __init__(self, profile: Profile, item_limit: int) -> None:
        self.country = profile.country
        self.rules = (*_wco_rules(profile, item_limit), *_national_rules(profile))
        self._by_scope = {
            scopes: tuple(bound for bound in self.rules if bound.rule.scope in scopes)
            for scopes in (_ORIGINALS, _IMPORTS, _EXPORTS, _REQUESTS, _OTHERS)
        }

    def check(self, declaration: Declaration, broken_paths: Collection[str] = ()) -> list[Fault]:
        """Every breach of a rule, in no particular order.

        `broken_paths` are the paths in which the schema found a fault: a rule that reads one of them does not run, and
        a rule about single leaves skips that leaf.
        """
        context = Context(declaration)
        bound_rules = self._by_scope[_applicable_scopes(context)]
        if broken_paths:
            return list(_unhindered_faults(bound_rules, context, frozenset(broken_paths)))
        return [fault for bound in bound_rules for fault in bound.faults(context)]


def _unhindered_faults(bound_rules: tuple[BoundRule, ...], context: Context, broken: frozenset[str]) -> Iterator[Fault]:
    for bound in bound_rules:
        if bound.rule.leafwise:
            for fault in bound.faults(context):
                if not any(_hides_element(path, schema_path(fault.path)) for path in broken):
                    yield fault
        elif not bound.is_hindered(broken):
            yield from bound.faults(context)


_ORIGINALS = frozenset((Scope.EVERY, Scope.ORIGINALS))
_IMPORTS = _ORIGINALS | {Scope.IMPORTS}
_EXPORTS = _ORIGINALS | {Scope.EXPORTS}
_REQUESTS = frozenset((Scope.EVERY, Scope.REQUESTS))
_OTHERS = frozenset((Scope.EVERY,))


def _applicable_scopes(context: Context) -> frozenset[Scope]:
    if context.function == REQUEST:
        return _REQUESTS
    if context.function != ORIGINAL:
        return _OTHERS
    direction = context.kind[:2]
    if direction == _SPECIAL_TERRITORIES:
        direction = _EXPORT if context.leaves_the_country() else _IMPORT
    return _IMPORTS if direction == _IMPORT else _EXPORTS if direction == _EXPORT else _ORIGINALS


def _wco_rules(profile: Profile, item_limit: int) -> Iterator[BoundRule]:
    currencies = frozenset(CURRENCIES) | profile.extra_currencies
    types = profile.types
    parameters: dict[type[Rule], Rule] = {
        TypeKnown: TypeKnown(directions=types.directions, letters=types.letters),
        TariffCodeGiven: TariffCodeGiven(scheme=profile.tariff_scheme, without=types.without_tariff_code),
        ItemLimit: ItemLimit(limit=item_limit),
        CountryKnown: CountryKnown(known=frozenset(COUNTRIES) | BEYOND_ISO | profile.extra_countries),
        CurrencyKnown: CurrencyKnown(known=currencies),
        OneCurrency: OneCurrency(known=currencies),
        InvoiceCurrency: InvoiceCurrency(known=currencies),
        CommodityDigits: CommodityDigits(scheme=profile.tariff_scheme),
        TariffCodeOnce: TariffCodeOnce(scheme=profile.tariff_scheme),
    }
    for kind in WCO_RULES:
        rule_id = f"{WCO}-{kind.name}"
        severity = Severity.HARD if rule_id in profile.strict else kind.severity
        yield BoundRule(rule_id, severity, parameters.get(kind) or kind())


def _national_rules(profile: Profile) -> Iterator[BoundRule]:
    for rule_id, rule in (profile.rules or {}).items():
        yield BoundRule(rule_id, rule.severity, rule)


class Rulebooks:
    """The rulebooks of the countries that this installation serves; `home` is its own, whose `rates` are used."""

    def __init__(
        self, profiles: Mapping[str, Profile], item_limit: int, home: str, rates: RateTable = NO_RATES
    ) -> None:
        self.profiles = dict(profiles)
        self.home = home
        self.item_limit = item_limit
        self.rates = rates
        self._books = {country: Rulebook(profile, item_limit) for country, profile in profiles.items()}

    def profile_of(self, country: str) -> Profile:
        """The profile of a country; home's for one that is no longer served."""
        return self.profiles.get(country, self.profiles[self.home])

    def rulebook_for(self, code: str) -> Rulebook:
        """The rulebook that judges a message with this ResponsibleCountryCode; home's if it is "".

        Raises `Refused` (COUNTRY_NOT_SERVED) if it names a country that is not served.
        """
        book = self._books.get(code or self.home)
        if book is None:
            raise Refused("COUNTRY_NOT_SERVED", self._not_served(code))
        return book

    def _not_served(self, code: str) -> str:
        served = " and ".join(sorted(self._books))
        meant = self._country_meant(code.upper())
        advice = f"Write {meant}." if meant else "Send the message to the single window of that country."
        return f"ResponsibleCountryCode is {quoted(code)}; this service accepts declarations for {served}. {advice}"

    def _country_meant(self, code: str) -> str:
        """The country served that a sender seems to mean, or "" if none is near."""
        written = {country: {country} | profile.also_written for country, profile in self.profiles.items()}
        return next((country for country, codes in written.items() if code in codes), "")


def load_rulebooks(config_dir: Path, item_limit: int = 999, home: str = "GB", others: Iterable[str] = ()) -> Rulebooks:
    """The rulebooks of `home` and the `others` that are served, from the profiles under `config_dir/countries/`.

    Raises ProfileError if a country has no profile, or a wrong one, and RatesError.
    """
    countries = config_dir / "countries"
    if not countries.is_dir():
        raise ProfileError(f"{countries} is not a folder. Point to the configuration folder that holds `countries/`.")
    settings = dict.fromkeys(others, "SW_SERVES") | {home: "SW_COUNTRY"}
    profiles = {
        country: _served_profile(countries / country / "profile.toml", settings[country]) for country in settings
    }
    return Rulebooks(profiles, item_limit, home, load_rates(config_dir, profiles[home]))


def _served_profile(file: Path, setting: str) -> Profile:
    if not file.is_file():
        raise ProfileError(_no_profile(file, setting))
    return load_profile(file)


def _no_profile(file: Path, setting: str) -> str:
    """What to write instead: the country that is meant, or those that exist."""
    named, there = file.parent.name, {each.parent.name: each for each in sorted(file.parents[1].glob("*/profile.toml"))}
    meant = [code for code in there if named.upper() in {code, *load_profile(there[code]).also_written}]
    advice = f"Write {meant[0]}." if meant else f"Add it, or correct {setting}; there are {', '.join(there) or 'none'}."
    return f"{setting} names {named!r}, but there is no {file}. {advice}"


def rates_file(config_dir: Path, country: str) -> Path:
    """Where a country's table of rates is."""
    return config_dir / "countries" / country / FILE


def load_rates(config_dir: Path, home: Profile, file: Path | None = None) -> RateTable:
    """The home country's table of rates, or another `file` on its terms; empty if the country has none."""
    chosen = file or rates_file(config_dir, home.country)
    if file is None and not chosen.exists():
        return RateTable(home.currency)
    return read_rates(chosen, home.currency, CURRENCIES | home.extra_currencies)
