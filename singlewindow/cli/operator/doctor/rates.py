"""The exchange rates: whether every currency in the table has a rate for today, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from singlewindow.cli.operator.doctor.check import Check, fault, ok, warning
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.settings import Settings
from singlewindow.times import today

NAME = "exchange rates"
SOON_DAYS = 31
ADVICE = "Import newer rates: `singlewindow rates import FILE`. Without a rate, goods are held for documents."
REPLACE = "Before the first real declaration, import the rates that customs publish: `singlewindow rates import FILE`."


def rates_last(settings: Settings) -> Iterator[Check]:
    """How long the home country's rates last; another check reports a configuration that cannot be read."""
    try:
        table = load_rulebooks(Path(settings.sw_config), settings.sw_item_limit, settings.sw_country).rates
    except (ValueError, OSError):
        return
    ends = table.last_days(today())
    if not ends:
        yield warning(NAME, "there are none: goods with an amount in another currency are held for documents", ADVICE)
        return
    gone = sorted(currency for currency, end in ends.items() if end is None)
    left = {currency: (end - today()).days for currency, end in ends.items() if end is not None}
    soon = sorted(currency for currency, days in left.items() if days < SOON_DAYS)
    if gone:
        yield fault(NAME, f"there is no rate for today for {', '.join(gone)}", ADVICE)
    if soon:
        yield warning(NAME, f"the rates for {', '.join(soon)} end within {SOON_DAYS} days", ADVICE)
    examples = sorted({rate.currency for rate in table.rates if rate.source.lower().startswith("example")})
    if examples:
        yield warning(NAME, f"{len(examples)} currencies have example rates, {', '.join(examples[:3])} ...", REPLACE)
    if not gone and not soon and not examples:
        yield ok(NAME, f"{len(left)} currencies, for at least {min(left.values())} more days")
