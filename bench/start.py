"""`python -m bench.start`: how long `singlewindow validate FILE` takes, beside the import of three of its libraries.

The two take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import resource
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
    """Start both in turn; compare the medians of what a person waits and of processor time, in milliseconds."""
    sides = {"import flask, sqlalchemy, lxml": LIBRARIES, "singlewindow validate FILE": VALIDATE}
    taken = {name: list[tuple[float, float]]() for name in sides}
    for _ in range(rounds):
        for name, arguments in sides.items():
            taken[name].append(_milliseconds(arguments))
    medians = {name: [statistics.median(column) for column in zip(*each, strict=True)] for name, each in taken.items()}
    for name, (waited, worked) in medians.items():
        click.echo(f"{name:<32} {waited:6.0f} ms, processor time {worked:6.0f} ms")
    libraries, validate = medians.values()
    ratios = [ours / theirs for ours, theirs in zip(validate, libraries, strict=True)]
    click.echo(f"ratios {ratios[0]:.2f} and {ratios[1]:.2f}; at most {TARGET} is wanted")


def _milliseconds(arguments: Sequence[str]) -> tuple[float, float]:
    """How long one start takes, and its processor time."""
    began, used = time.perf_counter(), _processor_seconds()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603
    return (time.perf_counter() - began) * 1000, (_processor_seconds() - used) * 1000


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    start()
