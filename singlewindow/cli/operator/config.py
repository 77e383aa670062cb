"""`singlewindow config`: starts an operator's own configuration from the shipped one, and checks it."""

from __future__ import annotations

from pathlib import Path

import click

from singlewindow.cli.operator.doctor.check import Level
from singlewindow.cli.operator.doctor.machine import configuration_loads
from singlewindow.settings import load_settings
from singlewindow.shipped import CONFIG

NEXT = """A copy of the shipped configuration is in {folder}. What to do next:
  1. Change it: agencies/ says which agencies are asked, what each may see and what each looks for; countries/
     holds the rules and the exchange rates; thresholds.toml says how sure an answer must be.
  2. Check it: SW_CONFIG={folder} singlewindow config check
  3. Use it: set SW_CONFIG={folder} for every process, then restart them."""


@click.group()
def config() -> None:
    """Make and check your own configuration. It has agencies, countries and thresholds."""


@config.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Copy the shipped configuration to FOLDER. You can change it there; FOLDER must be new or empty."""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(
            f"{folder} is not empty. Choose a new or empty folder, so that nothing is overwritten"
        )
    for file in CONFIG.rglob("*"):
        if file.is_file():
            copy = folder / file.relative_to(CONFIG)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    click.echo(NEXT.format(folder=folder.absolute()))


@config.command()
def check() -> None:
    """Check that processes can read yours. Without SW_CONFIG, checks the shipped configuration."""
    for found in configuration_loads(load_settings()):
        if found.level is not Level.OK:
            raise click.ClickException(f"{found.text}. {found.advice}")
        click.echo(found.text)
