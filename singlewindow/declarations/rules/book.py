"""The rulebook of a country: the WCO layer and its national rules, bound to ids and run over one declaration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from singlewindow.declarations.codelists import COUNTRIES, CURRENCIES
from singlewindow.declarations.faults import Fault, Severity
from singlewindow.declarations.faults import Path as Place
from singlewindow.declarations.model import Declaration
from singlewindow.declarations.rates import FILE, NO_RATES, RateTable, read_rates
from singlewindow.declarations.rules.catalogue import WCO, WCO_RULES
from singlewindow.declarations.rules.codes import BEYOND_ISO, CountryKnown, CurrencyKnown
from singlewindow.declarations.rules.context import ORIGINAL, REQUEST, Context
from singlewindow.declarations.rules.counts import ItemLimit
from singlewindow.declarations.rules.profiles import NO_PROFILE, Profile, ProfileError, load_profile
from singlewindow.declarations.rules.references import CommodityDigits, TariffCodeOnce
from singlewindow.declarations.rules.rule import Rule, Scope
from singlewindow.declarations.rules.valuation import InvoiceCurrency, OneCurrency

_IMPORT, _EXPORT = "IM", "EX"


@dataclass(frozen=True)
class BoundRule:
    """A rule as one country applies it."""

    rule_id: str
    severity: Severity
    rule: Rule

    def hindered(self, broken_paths: Collection[str]) -> bool:
        """Whether the schema found something broken that the rule reads or that holds it."""
        return any(_hides(broken, read) for read in self.rule.reads for broken in broken_paths)

    def faults(self, context: Context) -> Iterator[Fault]:
        """What the rule finds."""
        rule = self.rule
        for place, text in rule.check(context):
            yield Fault(self.rule_id, rule.code, self.severity, text, rule.advice, place)


def schema_path(place: Place) -> str:
    """The path of a place without positions: "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"."""
    return "/".join(step.name for step in place)


def _hides(broken: str, read: str) -> bool:
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

        `broken_paths` are the schema paths that the schema found at fault: a rule that reads one of them is left out,
        and a rule about single leaves leaves out that leaf.
        """
        context = Context(declaration)
        bound_rules = self._by_scope[_scopes(context)]
        if broken_paths:
            return list(_careful(bound_rules, context, frozenset(broken_paths)))
        return [fault for bound in bound_rules for fault in bound.faults(context)]


def _careful(bound_rules: tuple[BoundRule, ...], context: Context, broken: frozenset[str]) -> Iterator[Fault]:
    for bound in bound_rules:
        if bound.rule.leafwise:
            for fault in bound.faults(context):
                if not any(_hides(path, schema_path(fault.path)) for path in broken):
                    yield fault
        elif not bound.hindered(broken):
            yield from bound.faults(context)


_ORIGINALS = frozenset((Scope.EVERY, Scope.ORIGINALS))
_IMPORTS = _ORIGINALS | {Scope.IMPORTS}
_EXPORTS = _ORIGINALS | {Scope.EXPORTS}
_REQUESTS = frozenset((Scope.EVERY, Scope.REQUESTS))
_OTHERS = frozenset((Scope.EVERY,))


def _scopes(context: Context) -> frozenset[Scope]:
    if context.function == REQUEST:
        return _REQUESTS
    if context.function != ORIGINAL:
        return _OTHERS
    direction = context.kind[:2]
    return _IMPORTS if direction == _IMPORT else _EXPORTS if direction == _EXPORT else _ORIGINALS


def _wco_rules(profile: Profile, item_limit: int) -> Iterator[BoundRule]:
    currencies = frozenset(CURRENCIES) | profile.extra_currencies
    parameters: dict[type[Rule], Rule] = {
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
    """The rulebooks of all countries that have a profile, the one for all others, and the home country's `rates`."""

    def __init__(
        self, profiles: Mapping[str, Profile], item_limit: int, home: str, rates: RateTable = NO_RATES
    ) -> None:
        self.profiles = dict(profiles)
        self.home = home
        self.item_limit = item_limit
        self.rates = rates
        self._books = {country: Rulebook(profile, item_limit) for country, profile in profiles.items()}
        self._wco = Rulebook(NO_PROFILE, item_limit)

    def for_country(self, code: str) -> Rulebook:
        """The rulebook for a ResponsibleCountryCode; a country without a profile meets the WCO layer only."""
        return self._books.get(code.strip().upper(), self._wco)


def load_rulebooks(config_dir: Path, item_limit: int = 999, home: str = "GB") -> Rulebooks:
    """The rulebooks from the profiles under `config_dir/countries/`; raises ProfileError, and RatesError.

    `home` is the country whose window this is; it must have a profile.
    """
    countries = config_dir / "countries"
    if not countries.is_dir():
        raise ProfileError(f"{countries} is not a folder. Point to the configuration folder that holds `countries/`.")
    profiles = [load_profile(file) for file in sorted(countries.glob("*/profile.toml"))]
    if home not in {profile.country for profile in profiles}:
        raise ProfileError(f"{countries} has no profile of the home country {home!r}. Add one, or correct SW_COUNTRY.")
    by_country = {profile.country: profile for profile in profiles}
    return Rulebooks(by_country, item_limit, home, load_rates(config_dir, by_country[home]))


def rates_file(config_dir: Path, country: str) -> Path:
    """Where a country's table of rates is."""
    return config_dir / "countries" / country / FILE


def load_rates(config_dir: Path, home: Profile, file: Path | None = None) -> RateTable:
    """The home country's table of rates, or another `file` by its terms; empty where the country has none."""
    chosen = file or rates_file(config_dir, home.country)
    if file is None and not chosen.exists():
        return RateTable(home.currency)
    return read_rates(chosen, home.currency, CURRENCIES | home.extra_currencies)
