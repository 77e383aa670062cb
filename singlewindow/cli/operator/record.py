"""Opens the database for commands: only if it exists, and only with the tables of this version."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine, make_url

from singlewindow.cli.options import settings_for
from singlewindow.storage.engine.connect import open_engine
from singlewindow.storage.engine.revision import Tables, compare_tables

log = logging.getLogger(__name__)


@contextmanager
def record(data: Path | None, *, simulator: bool = False) -> Iterator[Engine]:
    """The database that the settings name, or the simulator's, closed afterwards; a missing one is not created."""
    settings = settings_for(data)
    url = settings.sw_simulator_database_url if simulator else settings.database_url
    if not url:
        raise click.ClickException("There is no simulator. Name a database for it in SW_SIMULATOR_DATABASE_URL")
    engine = open_engine(url, pool_size=1)
    try:
        _need_file(url)
        need_tables(engine)
        yield engine
    finally:
        engine.dispose()


def _need_file(url: str) -> None:
    """Raises ValueError if the file is missing: SQLite would create an empty one."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        advice = "Start the service once, or run `singlewindow db upgrade`, with the same --data"
        raise click.ClickException(f"There is no database at {place.database}. {advice}")


def need_tables(engine: Engine) -> None:
    """Raises ValueError if the database's tables are older than this version."""
    standing = compare_tables(engine)
    if standing in {Tables.NONE, Tables.OLDER}:
        raise ValueError("The database's tables are not of this version. Run `singlewindow db upgrade`")
    if standing is Tables.NEWER:  # an upgrade is under way: migrations only add, so this version keeps working
        log.warning("the database's tables are of a later version; stop this process when the upgrade is done")
