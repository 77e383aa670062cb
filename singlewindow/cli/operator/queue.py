"""The operator's view of the work: open questions, batches, parked questions, and a command to ask these again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from singlewindow.agencies.loading import load_agencies
from singlewindow.clearance.deciding import retry_parked as retrying
from singlewindow.cli.operator.agencies import known_agency
from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option, settings_for
from singlewindow.declarations.mrn import is_mrn
from singlewindow.enquiries.operations import read_backlog
from singlewindow.storage import backlog
from singlewindow.storage.engine.connect import reading
from singlewindow.times import MICROSECONDS, iso

COLUMNS = ("agency", "waiting", "in batches", "awaiting", "parked", "overdue", "oldest", "batches", "lost")


@click.group(invoke_without_command=True)
@data_option
@click.pass_context
def queue(context: click.Context, data: Path | None) -> None:
    """Show each agency's open questions and batches."""
    if context.invoked_subcommand is None:
        _print_backlog(data)


def _print_backlog(data: Path | None) -> None:
    agencies = load_agencies(Path(settings_for(data).sw_config) / "agencies")
    with record(data) as engine:
        now, waiting = read_backlog(engine, agencies)
    table = Table(*COLUMNS, title="Open questions")
    for agency, line in waiting.items():
        counts = (line.waiting, line.batched, line.awaiting, line.parked, line.overdue)
        oldest = "-" if line.oldest is None else f"{(now - line.oldest) / MICROSECONDS:.1f} s"
        table.add_row(agency, *map(str, counts), oldest, str(line.batches), str(line.lost))
    _wide_console().print(table)


@queue.command()
@data_option
def parked(data: Path | None) -> None:
    """List the questions that are no longer asked, and why. Unless asked again, they end in an inspection."""
    with record(data) as engine, reading(engine) as connection:
        rows = backlog.parked_questions(connection)
    table = Table("MRN", "version", "agency", "attempts", "reason", "deadline", title="Parked questions")
    for row in rows:
        shown = (row.mrn, str(row.number), row.agency, str(row.attempts), row.failure or "", iso(row.deadline_at) or "")
        table.add_row(*shown)
    _wide_console().print(table)


@queue.command()
@data_option
@click.option("--agency", help="Parked questions of this agency.")
@click.option("--mrn", help="Parked questions about this declaration.")
@click.option("--all", "everything", is_flag=True, help="All parked questions.")
def retry(data: Path | None, agency: str | None, mrn: str | None, everything: bool) -> None:
    """Ask parked questions again, at once and with all their attempts."""
    if everything == bool(agency or mrn):
        raise click.UsageError("Choose the questions: --agency CODE, --mrn MRN or both; or only --all")
    agency, mrn = agency and known_agency(data, agency), mrn and _stored_mrn(mrn)
    with record(data) as engine:
        count = retrying.retry(engine, retrying.Choice(agency, mrn))
    click.echo(f"{count} parked question{'s' * (count != 1)} will be asked again.")


def _stored_mrn(typed: str) -> str:
    """An MRN in its stored form; anything else would silently match nothing."""
    mrn = typed.strip().upper()
    if not is_mrn(mrn):
        raise click.ClickException(
            f"{typed!a} is not an MRN. `singlewindow queue parked` shows the MRNs of parked questions."
        )
    return mrn


def _wide_console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=200)
