"""`singlewindow dispatch`: one dispatcher."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.bootstrap.context import open_context
from singlewindow.cli.options import data_option, settings_for
from workers import dispatcher


@click.command()
@data_option
def dispatch(data: Path | None) -> None:
    """Run one dispatcher. It puts open questions into batches and closes overdue ones; you may run several."""
    dispatcher.run(open_context(settings_for(data)))
