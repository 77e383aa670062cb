"""Commands for a trader's documents: validate without a server, or lodge with one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from singlewindow.cli.client import (
    XML,
    Outcome,
    declarations_in,
    key_of_environment,
    lodge_all,
    media_of,
    open_client,
)
from singlewindow.cli.tables import console, literal
from singlewindow.declarations import second_opinion as other_engine
from singlewindow.declarations.faults import Refused, hard
from singlewindow.declarations.intake import Limits, Media
from singlewindow.declarations.rules import Rulebooks, load_rulebooks
from singlewindow.declarations.validation import Validated, describe
from singlewindow.declarations.validation import validate as validate_document
from singlewindow.settings import load_settings

DEFAULT_URL = "http://127.0.0.1:8080"
files_argument = click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.command()
@files_argument
@click.option("--second-opinion", is_flag=True, help="Let a second schema engine judge as well (slow).")
def validate(files: Sequence[Path], second_opinion: bool) -> None:
    """Check declarations without a server: every fault, its place, what to do. Exit status 1 if one is hard."""
    settings = load_settings()
    rulebooks = load_rulebooks(Path(settings.sw_config), settings.sw_item_limit)
    limits = Limits(body_bytes=settings.sw_body_limit, items=settings.sw_item_limit)
    judged = [_validate_one(path, rulebooks, limits) for path in files]
    good = [validated is not None and not hard(validated.faults) for validated in judged]
    agreed = [_agree(path, each) for path, each in zip(files, judged, strict=True) if each and second_opinion]
    sys.exit(0 if all(good) and all(agreed) else 1)


def _agree(path: Path, validated: Validated) -> bool:
    """Whether a second schema engine finds what the first found; where not, it is said."""
    ours = not any(fault.rule.startswith("SCHEMA") for fault in hard(validated.faults))
    if not ours:  # what is broken was not read, so it cannot be handed on
        return True
    theirs = other_engine.accepts(validated.declaration)
    if theirs is None:
        click.echo(f"{path}: too large for a second opinion")
    elif theirs != ours:
        click.echo(f"{path}: the second schema engine does not find it valid; please report this document")
    return theirs is not False


def _validate_one(path: Path, rulebooks: Rulebooks, limits: Limits) -> Validated | None:
    content = path.read_bytes()
    media = Media.XML if media_of(path, content) == XML else Media.JSON
    try:
        validated = validate_document(content, media, rulebooks, limits)
    except Refused as refused:
        place = f" (line {refused.line})" if refused.line else ""
        click.echo(f"{path}: refused, {refused.code}{place}: {refused.text}")
        return None
    faults = hard(validated.faults)
    warnings = len(validated.faults) - len(faults)
    verdict = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "valid"
    click.echo(f"{path}: {verdict}" + (f", {warnings} warning{'s' * (warnings != 1)}" if warnings else ""))
    for number, fault in enumerate(validated.faults, start=1):
        shown = describe(fault, validated)
        line = f"line {shown['line']}, " if shown.get("line") else ""
        click.echo(f"  {number}. [{shown['severity']}] {shown['rule']}: {shown['text']}")
        click.echo(f"     at {line}{shown['xpath']}")
        click.echo(f"     JSON {shown['json_pointer']}  WCO {shown['wco_pointer']}")
        click.echo(f"     {shown['advice']}")
    return validated


@click.command()
@files_argument
@click.option(
    "--url", default=DEFAULT_URL, show_default=True, envvar="SINGLEWINDOW_URL", help="Address of the service."
)
def lodge(files: Sequence[Path], url: str) -> None:
    """Lodge declarations, wait for their decisions, and show them. Exit status 1 if any was refused or is undecided.

    A FILE.zip is lodged as one batch: each of its declarations is answered on its own. Your key is read from
    SINGLEWINDOW_KEY, or from the file that SINGLEWINDOW_KEY_FILE names.
    """
    outcomes = lodge_with_progress(files, url, key_of_environment())
    print_outcomes(outcomes)
    sys.exit(0 if all(outcome.decision for outcome in outcomes) else 1)


def lodge_with_progress(files: Sequence[Path], url: str, key: str) -> list[Outcome]:
    """Lodge and wait behind a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with open_client(url, key) as client, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Lodging and deciding", total=2 * sum(map(declarations_in, files)))
        return lodge_all(client, files, lambda: bar.advance(task))


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """The table of decisions."""
    audited = any(outcome.agencies for outcome in outcomes)
    columns = ("LRN", "MRN", *(["agencies asked"] if audited else []), "decision", "leading reason", "ms")
    table = Table(*columns, title="Decisions")
    for outcome in outcomes:
        name, mrn, *others = _cells(outcome)
        asked = [", ".join(outcome.agencies) or "-"] if audited else []
        table.add_row(name, mrn, *asked, *others)
    console().print(table)


def _cells(outcome: Outcome) -> tuple[str | Text, ...]:
    if outcome.problem:
        return literal(outcome.path.name), "-", "[red]refused", literal(_told(outcome)), "-"
    receipt, decision = outcome.receipt, outcome.decision
    if not decision:
        return receipt["lrn"], receipt["mrn"], "open", "not decided yet; ask again later", "-"
    colour = "green" if decision["outcome"] == "release" else "yellow"
    controls = f" ({', '.join(decision['controls'])})" if decision["controls"] else ""
    reasons = decision["reasons"]
    return (
        receipt["lrn"],
        receipt["mrn"],
        f"[{colour}]{decision['outcome']}[/]{controls}",
        literal(reasons[min(1, len(reasons) - 1)]) if reasons else "",  # the first says what, the next ones say why
        f"{outcome.milliseconds:.0f}" if outcome.milliseconds is not None else "",
    )


def _told(outcome: Outcome) -> str:
    """The first fault of a refused declaration, and where the others are to be read."""
    told = str(outcome.problem.get("detail", ""))
    others = int(outcome.problem.get("faults_total", 1)) - 1
    return f"{told} {others} more: singlewindow validate {outcome.path}" if others > 0 else told
