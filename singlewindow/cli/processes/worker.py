"""`singlewindow worker`: one queue worker."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.cli.options import data_option, settings_for
from workers import worker as queue_worker
from workers.queues import ASSESS, QUEUES


@click.command()
@data_option
@click.option(
    "--queue", default=ASSESS, show_default=True, type=click.Choice(QUEUES), help="The queue that this worker serves."
)
def worker(data: Path | None, queue: str) -> None:
    """Run one queue worker. It asks the agencies, and decides; you may run several."""
    settings_for(data)
    queue_worker.run(queue)
