"""`singlewindow lodge`: sends a trader's declarations to a service and shows the decisions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from singlewindow.cli.options import files_argument, url_option
from singlewindow.cli.tables import console, literal
from singlewindow.cli.trader.client import Outcome, declarations_in, key_of_environment, lodge_all, open_client


@click.command()
@files_argument
@click.option("--for", "party", help="For brokers: the identifier of the client for whom you lodge, or your own.")
@url_option
def lodge(files: Sequence[Path], party: str | None, url: str) -> None:
    """Lodge declarations, wait for the decisions and show them. Exit status 1 if any was refused or is undecided.

    A FILE can also be a request about an earlier declaration: its answer is shown.

    A FILE.zip is lodged as one batch; each of its declarations gets its own answer. Put your key in SINGLEWINDOW_KEY,
    or its file's name in SINGLEWINDOW_KEY_FILE.
    """
    key = key_of_environment()
    with lodging_shown(files) as advance, open_client(url, key, party) as client:
        outcomes = lodge_all(client, files, advance)
    print_outcomes(outcomes)
    settled = (outcome.decision or outcome.request.get("answer") == "granted" for outcome in outcomes)
    sys.exit(0 if all(settled) else 1)


@contextmanager
def lodging_shown(files: Sequence[Path]) -> Iterator[Callable[[], None]]:
    """Show a progress bar while these files are lodged and decided; call what it yields after each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Lodging and deciding", total=2 * sum(map(declarations_in, files)))
        yield lambda: bar.advance(task)


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print the table of decisions."""
    audited = any(outcome.agencies for outcome in outcomes)
    columns = ("LRN", "MRN", *(["agencies asked"] if audited else []), "decision", "leading reason", "ms")
    table = Table(*columns, title="Decisions")
    for outcome in outcomes:
        name, mrn, *others = _outcome_cells(outcome)
        asked = [", ".join(outcome.agencies) or "-"] if audited else []
        table.add_row(name, mrn, *asked, *others)
    console().print(table)


def _outcome_cells(outcome: Outcome) -> tuple[str | Text, ...]:
    if outcome.problem:
        return literal(outcome.path.name), "-", "[red]refused", literal(_refusal_words(outcome)), "-"
    receipt, decision = outcome.receipt, outcome.decision
    if outcome.request:
        kind, answer = outcome.request["kind"], outcome.request["answer"]
        return (outcome.request["reference"], outcome.request["mrn"], f"{kind} {answer}",
                literal(outcome.request["words"]), "-")  # fmt: skip
    if outcome.end:
        return receipt["lrn"], receipt["mrn"], "ended", literal(outcome.end), "-"
    if not decision:
        return receipt["lrn"], receipt["mrn"], "open", "not decided yet; ask again later", "-"
    colour = "green" if decision["outcome"] == "release" else "yellow"
    controls = f" ({', '.join(decision['controls'])})" if decision["controls"] else ""
    reasons = decision["reasons"]
    return (
        receipt["lrn"],
        receipt["mrn"],
        f"[{colour}]{decision['outcome']}[/]{controls}",
        literal(reasons[min(1, len(reasons) - 1)])
        if reasons
        else "",  # the first is the outcome, the next ones are the causes
        f"{outcome.milliseconds:.0f}" if outcome.milliseconds is not None else "",
    )


def _refusal_words(outcome: Outcome) -> str:
    """The first fault of a refused declaration, and the command that shows the others."""
    told = str(outcome.problem.get("detail", ""))
    if outcome.problem.get("code") == "ACTING_FOR_REQUIRED":
        told += " With this command, use --for PARTY."
    others = int(outcome.problem.get("faults_total", 1)) - 1
    return f"{told} {others} more: singlewindow validate {outcome.path}" if others > 0 else told
