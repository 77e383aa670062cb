"""The operator's view of the work: open questions, batches, parked questions, and a command to ask these again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from singlewindow.agencies.loading import load_agencies
from singlewindow.bootstrap.context import open_context
from singlewindow.clearance.deciding import retry_parked as retrying
from singlewindow.clearance.deciding.ask_stuck import AnswerStands, AnswerUnderWay, ask_stuck
from singlewindow.cli.operator.agencies import known_agency
from singlewindow.cli.operator.record import need_tables, record
from singlewindow.cli.options import data_option, settings_for
from singlewindow.cli.tables import literal
from singlewindow.declarations.mrn import is_mrn
from singlewindow.enquiries.operations import read_backlog
from singlewindow.enquiries.stuck_questions import MOST, WORDS, read_stuck
from singlewindow.life_cycle.machine import NotPossible
from singlewindow.storage import backlog
from singlewindow.storage.engine.connect import reading
from singlewindow.times import MICROSECONDS, iso

reason_option = click.option("--reason", required=True, help="Why; the audit trail keeps it.")
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
@click.option("--agency", help="Questions to this agency.")
@click.option("--mrn", help="Questions about this declaration.")
@click.option(
    "--older", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Open for so many seconds."
)
def stuck(data: Path | None, agency: str | None, mrn: str | None, older: float) -> None:
    """List the questions that have been open for long: why, since when, who has them, and what to do."""
    agencies = load_agencies(Path(settings_for(data).sw_config) / "agencies")
    with record(data) as engine:
        found = read_stuck(engine, agencies, older, agency, mrn and _stored_mrn(mrn))
    table = Table("MRN", "version", "agency", "cause", "since", "who", "reason", "deadline", title="Open questions")
    for each in found:
        question = each.question
        table.add_row(
            question.mrn, str(question.number), question.agency, each.cause, iso(each.since), question.taken_by or "",
            literal(question.failure or ""), iso(question.deadline_at),
        )  # fmt: skip
    _wide_console().print(table)
    for cause in sorted({each.cause for each in found}):
        meaning, advice = WORDS[cause]
        click.echo(f"{cause}: {meaning} {advice}")
    if len(found) == MOST:
        click.echo(f"There may be more: these are the first {MOST}. Choose with --agency or --mrn.")


@queue.command(name="ask-again")
@data_option
@click.option("--agency", required=True, help="The agency that is asked.")
@click.option("--mrn", required=True, help="The declaration that it is asked about.")
@reason_option
def ask_again(data: Path | None, agency: str, mrn: str, reason: str) -> None:
    """Ask an agency again that has not answered. An answer that there is stands."""
    context = open_context(settings_for(data))
    try:
        need_tables(context.engine)
        asked = ask_stuck(context, _stored_mrn(mrn), known_agency(data, agency), reason)
    except (AnswerStands, AnswerUnderWay, NotPossible, LookupError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        context.engine.dispose()
    if asked is None:
        raise click.ClickException(
            f"{agency} was never asked about {mrn}. `singlewindow queue stuck` lists what is open."
        )
    click.echo(f"{agency} is asked again about {mrn}, in round {asked.round}.")


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
@reason_option
def retry(data: Path | None, agency: str | None, mrn: str | None, *, everything: bool, reason: str) -> None:
    """Ask parked questions again, at once and with all their attempts."""
    if everything == bool(agency or mrn):
        raise click.UsageError("Choose the questions: --agency CODE, --mrn MRN or both; or only --all")
    agency, mrn = agency and known_agency(data, agency), mrn and _stored_mrn(mrn)
    with record(data) as engine:
        count = retrying.retry(engine, retrying.Choice(agency, mrn, reason))
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
