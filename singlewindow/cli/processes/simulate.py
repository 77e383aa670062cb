"""`singlewindow simulate`: plays the agencies and officers of the simulator."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.bootstrap.context import open_context
from singlewindow.bootstrap.service import build_service
from singlewindow.bootstrap.simulator import open_simulator
from singlewindow.cli.operator.record import need_tables
from singlewindow.cli.options import data_option, settings_for
from workers import simulator


@click.command()
@data_option
def simulate(data: Path | None) -> None:
    """Run the simulator's agencies and officers. Traders try their software there; nothing in it is real."""
    opened = open_simulator(open_context(settings_for(data)))
    if opened is None:
        raise ValueError("There is no simulator. Name a database for it in SW_SIMULATOR_DATABASE_URL")
    need_tables(opened.engine)
    simulator.run(opened, build_service(opened).amender)
