"""Commands for exchange rates: list the rates of a day, and import newer ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.table import Table

from singlewindow.cli.tables import console, literal
from singlewindow.declarations.rates import RateTable, rates_digest
from singlewindow.declarations.rules import load_rulebooks
from singlewindow.declarations.rules.book import load_rates, rates_file
from singlewindow.declarations.rules.profiles import Profile
from singlewindow.settings import Settings, load_settings
from singlewindow.shipped import CONFIG
from singlewindow.times import today

DAY = click.DateTime(formats=["%Y-%m-%d"])
RESTART = "Restart the web, worker and dispatch processes: they still use the rates that they read at their start."

OWN_FIRST = (
    "The shipped configuration is not changed. Make your own with `singlewindow config init FOLDER`, set"
    " SW_CONFIG=FOLDER for every process, then import the rates again"
)


@click.group(invoke_without_command=True)
@click.option("--day", type=DAY, help="The day whose rates are listed; default: today.")
@click.pass_context
def rates(context: click.Context, day: datetime | None) -> None:
    """List the exchange rates of a day, and import newer ones."""
    if context.invoked_subcommand is None:
        _print_rates(day.date() if day else today())


@rates.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, without changing it.")
def import_(file: Path, dry_run: bool) -> None:
    """Import the rates of FILE into the table. On the days that they are valid, they replace the old ones.

    The previous table is kept beside the new one, so that earlier decisions can be computed again.
    """
    config, home, table = _configured_rates(load_settings())
    if not dry_run and config.resolve() == CONFIG:
        raise click.ClickException(OWN_FIRST)
    newer = load_rates(config, home, file)
    changes = list(_rate_changes(table, newer))
    for change in changes:
        click.echo(change)
    if not changes:
        click.echo(f"Nothing changes: the table already has all rates of {file}.")
    elif dry_run:
        click.echo(f"{_count_in_words(changes)} would change. Nothing was written.")
    else:
        _replace_table(rates_file(config, home.country), table.merged_with(newer.rates))
        click.echo(f"{_count_in_words(changes)} changed. {RESTART}")


def _count_in_words(changes: list[str]) -> str:
    return "1 rate" if len(changes) == 1 else f"{len(changes)} rates"


def _configured_rates(settings: Settings) -> tuple[Path, Profile, RateTable]:
    """The folder of the configuration, the home country's profile and its table."""
    config = Path(settings.sw_config)
    books = load_rulebooks(config, settings.sw_item_limit, settings.sw_country)
    return config, books.profiles[books.home], books.rates


def _rate_changes(table: RateTable, newer: RateTable) -> Iterator[str]:
    known = set(table.rates)
    for rate in newer.rates:
        if rate not in known:
            before = table.units_on(rate.first).get(rate.currency)
            was = "none before" if before is None else f"{before:f} before"
            yield f"{rate.currency} {rate.first} to {rate.last}: {rate.units:f} ({was}; {rate.source})"


def _replace_table(file: Path, table: RateTable) -> None:
    """Keep the old file under another name and replace it in one step, so that nobody reads half a table."""
    if file.exists():
        kept = file.with_name(f"rates-until-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.csv")
        os.link(file, kept)
        click.echo(f"The previous table is kept as {kept}.")
    written = file.with_suffix(".csv.new")
    with written.open("w", encoding="utf-8") as stream:
        stream.write(table.to_csv())
        stream.flush()
        os.fsync(stream.fileno())
    written.replace(file)


def _print_rates(day: date) -> None:
    config, home, table = _configured_rates(load_settings())
    if not table.units_on(day):
        raise click.ClickException(f"There are no rates for {day} in {rates_file(config, home.country)}.")
    click.echo(f"What one {home.currency} buys on {day}, from {rates_file(config, home.country)}:")
    shown = Table("currency", "units", "from", "until", "source")
    for rate in table.rates:
        if rate.first <= day <= rate.last:
            shown.add_row(rate.currency, f"{rate.units:f}", str(rate.first), str(rate.last), literal(rate.source))
    console().print(shown)
    click.echo(
        f"Fingerprints of assessments made on this day with these rates end in +{rates_digest(table.units_on(day))}."
    )
    for file in sorted(rates_file(config, home.country).parent.glob("rates-until-*.csv")):
        click.echo(f"By {file.name}: +{rates_digest(load_rates(config, home, file).units_on(day))}.")
