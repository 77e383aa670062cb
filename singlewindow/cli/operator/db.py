"""`singlewindow db`: upgrades the tables, writes backups, and grants the service's role its rights."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import make_url

from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, settings_for, simulator_option
from singlewindow.settings import with_embedded_record
from singlewindow.storage.engine import backups
from singlewindow.storage.engine.migrate import migrate
from singlewindow.storage.engine.privileges import grant_rights
from singlewindow.storage.engine.revision import REVISIONS


@click.group()
def db() -> None:
    """Upgrade and back up the database, and grant its rights."""


@db.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Bring the tables of the database, and of the simulator's, up to this version of the service."""
    settings = settings_for(data)
    # With a database elsewhere no folder is needed, and this disk may be read-only.
    if settings == with_embedded_record(settings):
        Path(settings.sw_data).mkdir(mode=0o700, parents=True, exist_ok=True)
    for url in settings.record_urls:
        before, newest = migrate(url), REVISIONS[-1]
        if before is None:
            done = f"The tables were made (revision {newest})"
        elif before == newest:
            done = f"The tables are up to date (revision {newest}); nothing was done"
        else:
            done = f"The tables were upgraded from revision {before} to {newest}"
        click.echo(f"{done}: {_name_of(url)}")


def _name_of(database_url: str) -> str:
    """The database's address without its password, which may also be among the options after the question mark."""
    return make_url(database_url).set(query={}).render_as_string(hide_password=True)


@db.command()
@data_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(data: Path | None, file: Path) -> None:
    """Back up the SQLite database to FILE. The service may keep running."""
    backups.back_up(settings_for(data).database_url, file)
    click.echo(f"{file} holds everything committed until now; docs/recovery.md says how to restore it.")


@db.command()
@data_option
@simulator_option
@click.argument("role")
def grants(data: Path | None, role: str, *, simulator: bool) -> None:
    """Grant ROLE the rights the service needs. It gets no others: it can add events, but never change them.

    For PostgreSQL. Run this as the owner of the tables, and again after every upgrade.
    """
    with record(data, simulator=simulator) as engine:
        grant_rights(engine, role)
    click.echo(f"{role} now has the rights that the service needs, and no others.")
