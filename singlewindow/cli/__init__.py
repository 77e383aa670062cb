"""The `singlewindow` command: run the service, look after it, and use it from the trader's side."""

from __future__ import annotations

import sys

import click

from singlewindow import __version__, logs
from singlewindow.cli import audit, demo, doctor, documents, entitlements, keys, mandates, queue, service, times
from singlewindow.cli.failures import EXPECTED, in_words


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="singlewindow")
def group() -> None:
    """Trade single window: one declaration in, every border agency asked, one decision out."""
    logs.configure()


for command in (
    service.up, service.web, service.worker, service.dispatch, service.db,
    doctor.doctor, queue.queue, keys.keys, mandates.mandates, entitlements.entitlements,
    documents.validate, documents.lodge, times.release_times, audit.audit, demo.demo,
):  # fmt: skip
    group.add_command(command)


def main() -> None:
    """Run the command; what cannot be done is said in one line, not in a traceback."""
    try:
        group()
    except EXPECTED as error:
        click.echo(f"singlewindow: {in_words(error)}", err=True)
        sys.exit(1)
