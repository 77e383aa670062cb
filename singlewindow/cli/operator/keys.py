"""Commands for API keys (create, shown once; list, rotate, revoke) and for the mandates of brokers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from singlewindow.access import keyring
from singlewindow.access.keys import Role
from singlewindow.access.tokens import new_token_key
from singlewindow.cli.operator.agencies import known_agency
from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, simulator_option
from singlewindow.cli.tables import console, literal
from singlewindow.times import iso

SECONDS_AN_HOUR, SECONDS_A_DAY = 3_600, 86_400
MOMENTS = ("created", "last used", "expires", "revoked")


@click.group()
def keys() -> None:
    """Create, list, rotate and revoke API keys."""


@keys.command()
@data_option
@simulator_option
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--party", help="The trader's or broker's identifier, as in declarations; lower case becomes upper case.")
@click.option("--agency", help="The agency's code; only for the role agency.")
@click.option("--person", default="", help="Who uses the key, by an id that you give; only for the role agency.")
@click.option("--name", default="", help="The holder of the key, as shown in the list.")
@click.option("--scope", "scopes", multiple=True, help="Limit the key to this scope; you may repeat this option.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="The key expires after this many days.")
def create(
    data: Path | None, role: str, party: str | None, agency: str | None, *, simulator: bool, **terms: Any
) -> None:
    """Create a key and show it once. Only its fingerprint is stored, so it cannot be shown again."""
    if agency is not None:
        agency = known_agency(data, agency)
    days = terms.pop("days")
    terms["lifetime_seconds"] = None if days is None else days * SECONDS_A_DAY
    with record(data, simulator=simulator) as engine:
        key = keyring.create_key(engine, Role(role), party, agency, simulated=simulator, **terms)
    click.echo(key.text)


@keys.command(name="list")
@data_option
@simulator_option
def list_(data: Path | None, *, simulator: bool) -> None:
    """List all keys, without their secrets."""
    table = Table(Column("key id", no_wrap=True), "role", "party or agency", "person", "name", "scopes", *MOMENTS)
    with record(data, simulator=simulator) as engine:
        for key in keyring.list_keys(engine):
            words = map(literal, (key.party or key.agency or "", key.person, key.name, " ".join(key.scopes)))
            moments = (key.created_at, key.last_used_at, key.expires_at, key.revoked_at)
            table.add_row(key.key_id, key.role, *words, *(iso(moment) or "" for moment in moments))
    console().print(table)


@keys.command()
@data_option
@simulator_option
@click.argument("key_id")
@click.option("--overlap-hours", type=click.FloatRange(min=0), default=24.0, show_default=True)
def rotate(data: Path | None, key_id: str, overlap_hours: float, *, simulator: bool) -> None:
    """Make and show a key that replaces another. The old key works until the overlap ends."""
    with record(data, simulator=simulator) as engine:
        key = keyring.rotate_key(engine, key_id, overlap_hours * SECONDS_AN_HOUR, simulated=simulator)
    if key is None:
        raise click.ClickException(f"There is no live key {key_id}; `singlewindow keys list` shows them all.")
    click.echo(key.text)


@keys.command(name="token-key")
def token_key() -> None:
    """Make and show a key that signs tokens. Save it in the file that SW_TOKEN_KEY_FILE names."""
    click.echo(new_token_key(), nl=False)


@keys.command()
@data_option
@simulator_option
@click.argument("key_id")
def revoke(data: Path | None, key_id: str, *, simulator: bool) -> None:
    """Revoke a key at once."""
    with record(data, simulator=simulator) as engine:
        if not keyring.revoke_key(engine, key_id):
            raise click.ClickException(f"There is no live key {key_id}; `singlewindow keys list` shows them all.")
    click.echo(f"Key {key_id} is revoked.")
