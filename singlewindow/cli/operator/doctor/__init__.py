"""`singlewindow doctor`: checks everything the service depends on, says what is wrong and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from singlewindow.cli.operator.doctor import beside, machine, queues, rates, record
from singlewindow.cli.operator.doctor.check import Check, Level, worst_level
from singlewindow.cli.options import data_option, settings_for
from singlewindow.settings import Settings

EXIT = {Level.OK: 0, Level.WARNING: 1, Level.FAULT: 2}
COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def doctor(data: Path | None, as_json: bool) -> None:
    """Check the installation and the waiting work. Exit status 0: all is well; 1: warnings; 2: faults."""
    try:
        settings = settings_for(data)
    except (ValueError, OSError) as error:
        checks = [
            Check(
                "settings",
                Level.FAULT,
                str(error),
                "Correct the environment variable; docs/operator.md lists all settings.",
            )
        ]
    else:
        checks = examine(settings)
    level = worst_level(checks)
    if as_json:
        click.echo(msgspec.json.encode({"status": level, "checks": checks}))
    else:
        for check in checks:
            _print_check(check)
    sys.exit(EXIT[level])


def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which to read them."""
    checks = [*machine.settings_fit(settings), *machine.configuration_loads(settings), *rates.rates_last(settings)]
    checks += [*machine.disk_space(settings), *record.record_checks(settings), *queues.queue_checks(settings)]
    return [*checks, *beside.checks_beside(settings)]


def _print_check(check: Check) -> None:
    level = click.style(f"{check.level:<8}", fg=COLOURS[check.level])
    click.echo(f"{level}{check.name}: {check.text}")
    if check.advice:
        click.echo(f"        {check.advice}")
