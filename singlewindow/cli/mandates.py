"""Commands for mandates: which broker may act for which trader; grant, list, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Column, Table

from singlewindow.cli.options import data_option
from singlewindow.cli.record import record
from singlewindow.cli.tables import console, literal
from singlewindow.security.mandates import grant, list_mandates, revoke_mandate
from singlewindow.times import iso, microseconds

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def mandates() -> None:
    """Grant, list and revoke the mandates under which brokers act for traders."""


@mandates.command(name="grant")
@data_option
@click.option("--broker", required=True, help="The broker's identifier.")
@click.option("--party", required=True, help="The trader's identifier.")
@click.option("--from", "first", type=DAY, help="First day (UTC); at once without it.")
@click.option("--to", "end", type=DAY, help="The day (UTC) on which it ends; without end where not given.")
def grant_(data: Path | None, broker: str, party: str, first: datetime | None, end: datetime | None) -> None:
    """Let a broker act for a trader; shows the mandate's number."""
    with record(data) as engine:
        click.echo(grant(engine, broker, party, _moment(first), _moment(end)))


def _moment(day: datetime | None) -> int | None:
    return None if day is None else microseconds(day.replace(tzinfo=UTC))


@mandates.command(name="list")
@data_option
def list_(data: Path | None) -> None:
    """List all mandates."""
    table = Table(Column("number", no_wrap=True), "broker", "party", "from", "to", "revoked")
    with record(data) as engine:
        for row in list_mandates(engine):
            moments = (row.valid_from, row.valid_to, row.revoked_at)
            names = (literal(row.broker), literal(row.party))
            table.add_row(str(row.id), *names, *(iso(moment) or "" for moment in moments))
    console().print(table)


@mandates.command()
@data_option
@click.argument("number", type=int)
def revoke(data: Path | None, number: int) -> None:
    """Revoke a mandate."""
    with record(data) as engine:
        if not revoke_mandate(engine, number):
            raise click.ClickException(
                f"There is no live mandate {number}; `singlewindow mandates list` shows them all."
            )
    click.echo(f"Mandate {number} is revoked.")
