"""`singlewindow release-times`: the auditor's release-time figures over a span of time."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from singlewindow.cli.options import url_option
from singlewindow.cli.tables import console
from singlewindow.cli.trader.client import answer_of, key_of_environment, open_client, send

FIGURES = ("mean", "median", "mode", "deviation", "minimum", "maximum", "p90", "p95")
COLUMNS = ("group", "interval", "responsible", "n", "open", *FIGURES)
BREAKDOWNS = ("agency", "lane", "type", "hour", "weekday")


@click.command(name="release-times")
@click.option("--from", "from_", required=True, help="Start of the period, e.g. 2026-01-01T00:00:00Z.")
@click.option("--to", help="End of the period, not included; default: the cut-off.")
@click.option("--cut-off", help="Count only what was recorded up to this moment; default: now.")
@click.option("--mode-milliseconds", type=int, help="Round durations to this for the mode; default: 1000.")
@click.option("--by", type=click.Choice(BREAKDOWNS), help="Break the figures down by this.")
@url_option
def release_times(url: str, **asked: str | int | None) -> None:
    """Show how long each step took, from lodgement to decision.

    Needs the key of an auditor or analyst in SINGLEWINDOW_KEY, or in the file that SINGLEWINDOW_KEY_FILE names.
    """
    query = {name.rstrip("_"): value for name, value in asked.items() if value is not None}
    with open_client(url, key_of_environment()) as client:
        response = send(client, "GET", "/v1/release-times", params=query)
    answer = answer_of(response)
    if response.status_code != 200:
        raise click.ClickException(str(answer.get("detail", answer)))
    print_report(answer)


def print_report(report: dict[str, Any]) -> None:
    """Print the figures as a table, in signed seconds; cases that are still open are counted beside them."""
    query = report["query"]
    title = f"Release times in seconds, lodged {query['start']} to {query['end']}, as of {query['cut_off']}"
    table = Table(*COLUMNS, title=title)
    for group in [report["total"], *report["groups"]]:
        for row in group["rows"]:
            table.add_row(group["key"], row["interval"], row["actor"], *_figure_cells(row))
    shown = console()
    shown.print(table)
    shown.print(f"Fingerprint of the evidence: {report['fingerprint']}", soft_wrap=True)
    settled = "yes" if report["settled"] else "no"
    shown.print(f"Mode rounded to {query['mode_resolution']:g} s; settled: {settled}.", soft_wrap=True)
    if not report["settled"]:
        shown.print(
            "These figures can still change. For final ones, use a --cut-off at least two minutes in the past.",
            soft_wrap=True,
        )


def _figure_cells(row: dict[str, Any]) -> list[str]:
    statistics = row["statistics"]
    shown = [statistics[name] for name in FIGURES]
    return [str(statistics["n"]), str(row["open"]), *("-" if value is None else f"{value:.3f}" for value in shown)]
