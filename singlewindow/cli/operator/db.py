"""`singlewindow db`: the tables of this version, backups, and what the service's own role may do."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, settings_for
from singlewindow.settings import embedded
from singlewindow.storage.engine import backups
from singlewindow.storage.engine.migrate import migrate
from singlewindow.storage.engine.privileges import grant


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Bring the tables up to this version of the service."""
    settings = settings_for(data)
    if settings == embedded(settings):  # a database elsewhere leaves no folder here, where nothing may be writable
        Path(settings.sw_data).mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(settings.database_url)
    click.echo("The database has the newest tables.")


@db.command()
@data_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(data: Path | None, file: Path) -> None:
    """Write the SQLite database as it stands now to FILE, while the service runs."""
    backups.back_up(settings_for(data).database_url, file)
    click.echo(f"{file} holds everything committed until now; docs/recovery.md says how to restore it.")


@db.command()
@data_option
@click.argument("role")
def grants(data: Path | None, role: str) -> None:
    """Give the PostgreSQL role ROLE what the service needs, and nothing else: events can be added, never changed.

    Run it as the owner of the tables, and again after every upgrade.
    """
    with record(data) as engine:
        grant(engine, role)
    click.echo(f"{role} may do what the service does, and nothing else.")
