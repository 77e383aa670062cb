"""Commands for mandates: which broker may act for which trader; grant, list, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.table import Column, Table

from singlewindow.access.identifiers import normal_party
from singlewindow.access.keyring import list_keys
from singlewindow.access.keys import Role
from singlewindow.access.mandates import grant_mandate, list_mandates, revoke_mandate
from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, simulator_option
from singlewindow.cli.tables import console, literal
from singlewindow.storage.keys import StoredKey
from singlewindow.times import MICROSECONDS, iso, microseconds, moment

DAY = click.DateTime(formats=["%Y-%m-%d"])
ROLES = (Role.BROKER, Role.TRADER)
A_DAY = 86_400 * MICROSECONDS


@click.group()
def mandates() -> None:
    """Grant, list and revoke mandates of brokers. Under a mandate a broker acts for a trader."""


@mandates.command(name="grant")
@data_option
@simulator_option
@click.option("--broker", required=True, help="The broker's identifier, as its key has it.")
@click.option("--party", required=True, help="The trader's identifier, as declarations name it.")
@click.option("--from", "first", type=DAY, help="First day (UTC); default: now.")
@click.option("--to", "last", type=DAY, help="Last day (UTC), included; default: no end.")
def grant_(data: Path | None, broker: str, party: str, *, simulator: bool, **days: datetime | None) -> None:
    """Let a broker act for a trader. Prints the mandate's number; what was recorded goes to standard error."""
    first, last = days["first"], days["last"]
    begins = None if first is None else _start_of(first)
    ends = None if last is None else _start_of(last) + A_DAY
    with record(data, simulator=simulator) as engine:
        click.echo(grant_mandate(engine, broker, party, begins, ends))
        brokers, traders = ({key.party for key in list_keys(engine) if _is_live(key, role)} for role in ROLES)
    broker, party = normal_party(broker), normal_party(party)
    until = "without end" if last is None else f"to the end of {last:%Y-%m-%d}"
    click.echo(f"Broker {broker} may act for {party}, {until}.", err=True)
    for role, owner, known in ((Role.BROKER, broker, brokers), (Role.TRADER, party, traders)):
        if owner not in known:
            click.echo(f"Warning: there is no {role} key for {owner}. Check the identifier.", err=True)


def _is_live(key: StoredKey, role: Role) -> bool:
    return key.role == role and key.revoked_at is None


def _start_of(day: datetime) -> int:
    return microseconds(day.replace(tzinfo=UTC))


@mandates.command(name="list")
@data_option
@simulator_option
def list_(data: Path | None, *, simulator: bool) -> None:
    """List all mandates."""
    table = Table(Column("number", no_wrap=True), "broker", "party", "from", "to the end of", "revoked")
    with record(data, simulator=simulator) as engine:
        for mandate in list_mandates(engine):
            names = (literal(mandate.broker), literal(mandate.party))
            last = "" if mandate.valid_to is None else _last_of(mandate.valid_to)
            table.add_row(str(mandate.id), *names, iso(mandate.valid_from), last, iso(mandate.revoked_at))
    console().print(table)


def _last_of(end: int) -> str:
    """The last moment of a mandate: only its day if it lasts to the end of that day."""
    last = moment(end - 1)
    return f"{last:%Y-%m-%d}" if end % A_DAY == 0 else iso(end - 1) or ""


@mandates.command()
@data_option
@simulator_option
@click.argument("number", type=int)
def revoke(data: Path | None, number: int, *, simulator: bool) -> None:
    """Revoke a mandate."""
    with record(data, simulator=simulator) as engine:
        if not revoke_mandate(engine, number):
            raise click.ClickException(
                f"There is no live mandate {number}; `singlewindow mandates list` shows them all."
            )
    click.echo(f"Mandate {number} is revoked.")
