"""`singlewindow config`: starts an operator's own configuration from the shipped one, and checks it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import click

from singlewindow.cli.failures import in_words
from singlewindow.cli.operator.doctor.check import Level
from singlewindow.cli.operator.doctor.machine import configuration_loads
from singlewindow.cli.operator.doctor.rates import rates_last
from singlewindow.settings import load_settings
from singlewindow.shipped import CONFIG

UNFINISHED = ".unfinished"
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
    if folder.is_symlink() and not folder.exists():
        raise click.ClickException(f"{folder} is a link to nothing. Remove the link, or choose another folder")
    try:
        _need_empty(folder)
        _copy_shipped(folder.absolute())
    except OSError as error:
        raise click.ClickException(f"{in_words(error)}. No configuration was made") from error
    click.echo(NEXT.format(folder=folder.absolute()))


def _need_empty(folder: Path) -> None:
    if folder.exists() and any(each.name != UNFINISHED for each in folder.iterdir()):
        raise click.ClickException(
            f"{folder} is not empty. Choose a new or empty folder, so that nothing is overwritten"
        )


def _copy_shipped(folder: Path) -> None:
    """Copy all of it or nothing: the copy is moved into place when it is whole, and otherwise removed."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # of a copy that was killed
    try:
        for file in CONFIG.rglob("*"):
            if file.is_file():
                copy = unfinished / file.relative_to(CONFIG)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
        for whole in unfinished.iterdir():
            whole.rename(folder / whole.name)
        unfinished.rmdir()
    except BaseException:
        for name in (UNFINISHED, *(each.name for each in CONFIG.iterdir())):
            _remove(folder / name)
        for each in made:
            with suppress(OSError):
                each.rmdir()
        raise


def _remove(place: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(place) if place.is_dir() else place.unlink()


@config.command()
def check() -> None:
    """Check that processes can read yours. Without SW_CONFIG, checks the shipped configuration."""
    settings = load_settings()
    for found in configuration_loads(settings):
        if found.level is not Level.OK:
            raise click.ClickException(f"{found.text}. {found.advice}")
        click.echo(found.text)
    for found in rates_last(settings):
        if found.level is not Level.OK:
            click.echo(f"WARNING: {found.name}: {found.text}. {found.advice}", err=True)
