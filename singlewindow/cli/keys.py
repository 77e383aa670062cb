"""Commands for API keys: create (shown once), list, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from singlewindow.cli.service import data_option, settings_for
from singlewindow.security import access
from singlewindow.security.keys import Role
from singlewindow.storage.engines import open_engine
from singlewindow.times import iso


@contextmanager
def record(data: Path | None) -> Iterator[Engine]:
    """The database that the settings name, closed afterwards."""
    engine = open_engine(settings_for(data).database_url, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


@click.group()
def keys() -> None:
    """Create, list and revoke the keys that callers of the API hold."""


@keys.command()
@data_option
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--party", help="The trader's identifier, for role trader; it owns what is lodged with the key.")
@click.option("--agency", help="The agency's code, for role agency.")
@click.option("--name", default="", help="Who holds the key, for the list.")
def create(data: Path | None, role: str, party: str | None, agency: str | None, name: str) -> None:
    """Create a key and show it; only its fingerprint is stored, so it is never shown again."""
    with record(data) as engine:
        key = access.create_key(engine, Role(role), party=party, agency=agency, name=name)
    click.echo(key.text)


@keys.command(name="list")
@data_option
def list_(data: Path | None) -> None:
    """List all keys, without their secrets."""
    table = Table("key id", "role", "party or agency", "name", "created", "revoked")
    with record(data) as engine:
        for row in access.list_keys(engine):
            who = row.party or row.agency or ""
            table.add_row(row.key_id, row.role, who, row.name, iso(row.created_at), iso(row.revoked_at) or "")
    Console().print(table)


@keys.command()
@data_option
@click.argument("key_id")
def revoke(data: Path | None, key_id: str) -> None:
    """Revoke a key at once."""
    with record(data) as engine:
        if not access.revoke_key(engine, key_id):
            raise click.ClickException(f"There is no live key {key_id}; `singlewindow keys list` shows them all.")
    click.echo(f"Key {key_id} is revoked.")
