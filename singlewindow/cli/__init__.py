"""The `singlewindow` command: run the service, look after it, and use it from the trader's side.

Each command is in the module of its name, in the room of those whom it is for, and is imported when it is given: a web
process needs none of what the others stand on, and starts sooner.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from singlewindow import __version__, logs
from singlewindow.cli.systems import unsupported

ROOMS = {
    "": ("demo",),
    "trader": ("lodge", "validate"),
    "operator": (
        "config",
        "db",
        "dispatch",
        "doctor",
        "entitlements",
        "keys",
        "mandates",
        "queue",
        "rates",
        "up",
        "web",
        "worker",
    ),
    "auditor": ("audit", "release-times"),
}
"""The commands by whom they are for; each room is a package."""
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
    logs.configure()


def main() -> None:
    """Run the command; what cannot be done is said in one line, not in a traceback."""
    if reason := unsupported(sys.platform, sys.argv[1:]):
        click.echo(f"singlewindow: {reason}", err=True)
        sys.exit(1)
    try:
        group()
    except Exception as error:
        # It knows the errors of every library that any command stands on, which this command may not even have loaded.
        from singlewindow.cli.failures import EXPECTED, in_words  # noqa: PLC0415

        if not isinstance(error, EXPECTED):
            raise
        click.echo(f"singlewindow: {in_words(error)}", err=True)
        sys.exit(1)
