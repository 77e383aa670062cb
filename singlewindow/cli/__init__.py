"""The `singlewindow` command: run the service, look after it, and use it from the trader's side.

Each command has a module of its own name, in the package of its readers. It is imported only when it is called, so a
web process does not load what the other commands need, and starts sooner.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from singlewindow import __version__, logs
from singlewindow.cli.systems import unsupported_reason

ROOMS = {
    "": ("demo",),
    "trader": ("lodge", "validate"),
    "operator": (
        "config",
        "db",
        "doctor",
        "entitlements",
        "keys",
        "mandates",
        "queue",
        "rates",
        "subscriptions",
    ),
    "processes": ("deliver", "dispatch", "simulate", "up", "web", "worker"),
    "auditor": ("audit", "release-times"),
}
"""The commands, grouped by their users; each group is a package."""
COMMANDS = {command: room for room, commands in ROOMS.items() for command in commands}


class _Commands(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        place = ".".join(filter(None, ("singlewindow.cli", COMMANDS[cmd_name], name)))
        command: click.Command = getattr(import_module(place), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="singlewindow")
def group() -> None:
    """Trade single window: one declaration in, every border agency asked, one decision out."""
    logs.configure_logging()


def main() -> None:
    """Run the command; an expected failure is one line, not a traceback."""
    if reason := unsupported_reason(sys.platform, sys.argv[1:]):
        click.echo(f"singlewindow: {reason}", err=True)
        sys.exit(1)
    try:
        group()
    except Exception as error:
        # Imported late: it loads the libraries of all commands, and this command may need none of them.
        from singlewindow.cli.failures import EXPECTED, in_words  # noqa: PLC0415

        if not isinstance(error, EXPECTED):
            raise
        click.echo(f"singlewindow: {in_words(error)}", err=True)
        sys.exit(1)
