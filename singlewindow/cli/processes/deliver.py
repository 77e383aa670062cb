"""`singlewindow deliver`: one deliverer."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.bootstrap.deliverer import open_deliverer
from singlewindow.cli.operator.record import need_tables
from singlewindow.cli.options import data_option, settings_for
from workers import deliverer


@click.command()
@data_option
def deliver(data: Path | None) -> None:
    """Run one deliverer. It sends notices and feeds to those who subscribed; you may run several."""
    opened = open_deliverer(settings_for(data))
    need_tables(opened.source.engine)
    deliverer.run(opened)
