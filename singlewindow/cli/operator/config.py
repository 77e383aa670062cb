"""`singlewindow config`: an operator's own configuration, begun from the shipped one, and checked."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.cli.operator.doctor.check import Level
from singlewindow.cli.operator.doctor.machine import configuration_loads
from singlewindow.settings import load_settings
from singlewindow.shipped import CONFIG

NEXT = """The shipped configuration is in {folder}. What to do next:
  1. Change it: agencies/ says who is asked, what each may see and what it looks for; countries/ holds
     the rules and the rates of exchange; thresholds.toml says how sure an answer must be.
  2. Check it: SW_CONFIG={folder} singlewindow config check
  3. Use it: set SW_CONFIG={folder} for every process, then start them again."""


@click.group()
def config() -> None:
    """Your own configuration: agencies, countries, thresholds."""


@config.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write the shipped configuration to FOLDER, for you to change; FOLDER must be new or empty."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty. Name a new folder: nothing of yours is overwritten")
    for file in CONFIG.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(CONFIG)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    click.echo(NEXT.format(folder=folder.absolute()))


@config.command()
def check() -> None:
    """Read the configuration that SW_CONFIG names, or the shipped one, as every process does at its start."""
    for found in configuration_loads(load_settings()):
        if found.level is not Level.OK:
            raise click.ClickException(f"{found.text}. {found.advice}")
        click.echo(found.text)
