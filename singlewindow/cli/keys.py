"""Commands for API keys (create, shown once; list, rotate, revoke) and for the mandates of brokers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table
from sqlalchemy import Engine, make_url

from singlewindow.cli.service import data_option, need_tables, settings_for
from singlewindow.cli.tables import console, literal
from singlewindow.risk.agencies import load_agencies
from singlewindow.security import access
from singlewindow.security.keys import Role
from singlewindow.security.tokens import new_token_key
from singlewindow.storage.engines import open_engine
from singlewindow.times import iso

SECONDS_AN_HOUR, SECONDS_A_DAY = 3_600, 86_400
MOMENTS = ("created", "last used", "expires", "revoked")


@contextmanager
def record(data: Path | None) -> Iterator[Engine]:
    """The database that the settings name, closed afterwards; none is made where there is none."""
    url = settings_for(data).database_url
    engine = open_engine(url, pool_size=1)
    try:
        _need_file(url)
        need_tables(engine)
        yield engine
    finally:
        engine.dispose()


def _need_file(url: str) -> None:
    """SQLite would make an empty file where there is none."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        advice = "start the service once, or run `singlewindow db upgrade`, with the same --data"
        raise click.ClickException(f"There is no database at {place.database}; {advice}")


@click.group()
def keys() -> None:
    """Create, list and revoke the keys that callers of the API hold."""


@keys.command()
@data_option
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--party", help="The trader's or broker's identifier; it owns what is lodged with the key.")
@click.option("--agency", help="The agency's code, for role agency.")
@click.option("--name", default="", help="Who holds the key, for the list.")
@click.option("--scope", "scopes", multiple=True, help="Only this of what the role may do; can be given several times.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="The key expires after so many days.")
def create(data: Path | None, role: str, party: str | None, agency: str | None, **terms: Any) -> None:
    """Create a key and show it; only its fingerprint is stored, so it is never shown again."""
    if agency is not None:
        _need_agency(data, agency)
    days = terms.pop("days")
    terms["lifetime_seconds"] = None if days is None else days * SECONDS_A_DAY
    with record(data) as engine:
        key = access.create_key(engine, Role(role), party, agency, **terms)
    click.echo(key.text)


def _need_agency(data: Path | None, code: str) -> None:
    known = sorted(load_agencies(Path(settings_for(data).sw_config) / "agencies"))
    if code not in known:
        raise click.ClickException(f"There is no agency {code}; the configuration has {', '.join(known)}.")


@keys.command(name="list")
@data_option
def list_(data: Path | None) -> None:
    """List all keys, without their secrets."""
    table = Table(Column("key id", no_wrap=True), "role", "party or agency", "name", "scopes", *MOMENTS)
    with record(data) as engine:
        for row in access.list_keys(engine):
            words = (literal(row.party or row.agency or ""), literal(row.name), literal(row.scopes))
            moments = (row.created_at, row.last_used_at, row.expires_at, row.revoked_at)
            table.add_row(row.key_id, row.role, *words, *(iso(moment) or "" for moment in moments))
    console().print(table)


@keys.command()
@data_option
@click.argument("key_id")
@click.option("--overlap-hours", type=click.FloatRange(min=0), default=24.0, show_default=True)
def rotate(data: Path | None, key_id: str, overlap_hours: float) -> None:
    """Make and show a key in the place of another, which goes on for the overlap and then expires."""
    with record(data) as engine:
        key = access.rotate_key(engine, key_id, overlap_hours * SECONDS_AN_HOUR)
    if key is None:
        raise click.ClickException(f"There is no live key {key_id}; `singlewindow keys list` shows them all.")
    click.echo(key.text)


@keys.command(name="token-key")
def token_key() -> None:
    """Make and show a private key that signs tokens, for the file that SW_TOKEN_KEY_FILE names."""
    click.echo(new_token_key(), nl=False)


@keys.command()
@data_option
@click.argument("key_id")
def revoke(data: Path | None, key_id: str) -> None:
    """Revoke a key at once."""
    with record(data) as engine:
        if not access.revoke_key(engine, key_id):
            raise click.ClickException(f"There is no live key {key_id}; `singlewindow keys list` shows them all.")
    click.echo(f"Key {key_id} is revoked.")
