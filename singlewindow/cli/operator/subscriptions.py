"""The operator's view of what is sent: each subscription, how it stands and why; and a command to try one again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from singlewindow.cli.operator.record import record
from singlewindow.cli.options import data_option
from singlewindow.cli.tables import console, literal
from singlewindow.deliveries.listing import state_of
from singlewindow.deliveries.subscriptions import retry_now
from singlewindow.storage.deliveries.subscriptions import all_subscriptions
from singlewindow.storage.deliveries.waiting import count_waiting
from singlewindow.storage.engine.connect import reading
from singlewindow.times import iso

COLUMNS = ("number", "stream", "broker", "receiver", "state", "since", "waiting", "given up", "reason")


@click.group(invoke_without_command=True)
@data_option
@click.pass_context
def subscriptions(context: click.Context, data: Path | None) -> None:
    """List whom notices and feeds are sent to, how each subscription stands, and why."""
    if context.invoked_subcommand is None:
        _print_subscriptions(data)


def _print_subscriptions(data: Path | None) -> None:
    with record(data) as engine, reading(engine) as connection:
        found = all_subscriptions(connection)
        waits = count_waiting(connection, [each.id for each in found])
    table = Table(*COLUMNS, title="Subscriptions")
    for each in found:
        state, since = state_of(each)
        host = each.url.split("/")[2]  # the rest may be a secret of the receiver
        table.add_row(
            str(each.id), literal(each.stream), literal(each.broker), literal(host), state, iso(since),
            str(waits.get(each.id, 0)), str(each.undelivered), literal(each.problem),
        )  # fmt: skip
    console().print(table)


@subscriptions.command()
@click.argument("number", type=int)
@data_option
def retry(number: int, data: Path | None) -> None:
    """Try again at once whatever a subscription has to be sent; use it when you have removed the cause."""
    with record(data) as engine:
        if not retry_now(engine, number):
            raise click.ClickException(f"There is no subscription {number} that can be served. List them first")
    click.echo(f"Subscription {number} is tried again at once.")
