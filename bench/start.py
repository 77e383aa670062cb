"""`python -m bench.start`: how long `singlewindow validate FILE` takes, beside the import of three of its libraries.

The two take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from singlewindow.shipped import EXAMPLES

LIBRARIES = ("-c", "import flask, sqlalchemy, lxml")
VALIDATE = ("-m", "singlewindow", "validate", str(EXAMPLES / "declarations" / "01-running-shoes.xml"))
TARGET = 1.3


@click.command()
@click.option("--rounds", default=15, show_default=True, help="How often each is started.")
def start(rounds: int) -> None:
    """Start both in turn, and compare the medians."""
    times = [(_milliseconds(LIBRARIES), _milliseconds(VALIDATE)) for _ in range(rounds)]
    libraries, validate = (statistics.median(column) for column in zip(*times, strict=True))
    click.echo(f"import flask, sqlalchemy, lxml   {libraries:5.0f} ms")
    click.echo(f"singlewindow validate FILE       {validate:5.0f} ms")
    click.echo(f"ratio {validate / libraries:.2f}, at most {TARGET} is wanted")


def _milliseconds(arguments: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    start()
