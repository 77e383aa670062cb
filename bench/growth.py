"""`python -m bench.growth`: what a declaration costs when a million are stored, and an item when there are many.

Three questions: CPU a declaration with many stored and with few, in turn; memory of web and workers while very many
pass through; CPU an item in the largest declaration and in one of a hundred items, in turn.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench.fill import fill
from bench.harness.cpu import resident_bytes
from bench.harness.servers import Servers, running_servers
from bench.measure import Bench, in_turn, talker
from bench.report import machine
from bench.sides import ROUTED, Ours, configuration
from tests.places import REPOSITORY

LATEST = REPOSITORY / "bench" / "latest-growth.json"
FEW = 10_000
MANY_ITEMS, SOME_ITEMS = 9_999, 100
LIMITS = {"SW_ITEM_LIMIT": str(MANY_ITEMS), "SW_BODY_LIMIT": "40000000"}
SAMPLES = 10
WARM = 300
WORKERS = 2
ORIGINALS = 1_000
AT_ONCE = 1
"""On two processors, one reader reads large messages: a second one of the largest would be asked to come again."""
MEASURED = ("web", "worker", "dispatcher")
QUESTIONS = ("memory", "items", "stored")
TARGETS = {"cost_with_many_stored": 1.2, "memory_web": 1.1, "memory_worker": 1.1, "item_of_many": 1.3}


@dataclass(frozen=True)
class Sizes:
    """How much: declarations stored, lodged for the memory, in a run, and rounds; items in the largest."""

    stored: int
    lodged: int
    run: int
    rounds: int
    items: int
    originals: int


@dataclass
class Growth:
    """What was found: each figure round by round, and megabytes by process as declarations pass through."""

    figures: dict[str, list[float]] = field(default_factory=dict)
    microseconds: dict[str, list[float]] = field(default_factory=dict)
    megabytes: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figure: str, ratio: float, **microseconds: float) -> None:
        """One round of a figure, with the two costs it comes from."""
        self.figures.setdefault(figure, []).append(ratio)
        for name, value in microseconds.items():
            self.microseconds.setdefault(name, []).append(value)

    def as_json(self, postgres: str) -> dict[str, Any]:
        """The whole report."""
        return {
            **{name: round(statistics.median(found), 3) for name, found in self.figures.items()},
            "targets": TARGETS,
            "rounds": self.figures,
            "microseconds": self.microseconds,
            "megabytes": self.megabytes,
            "machine": machine(postgres),
        }


class Growing:
    """The product on its own databases, measured for growth."""

    def __init__(self, servers: Servers, bench: Bench, sizes: Sizes, console: Console) -> None:
        self._servers, self._bench, self._sizes, self._console = servers, bench, sizes, console
        self.found = Growth()

    def stored(self, few: Ours, many: Ours) -> None:
        """CPU a declaration with many stored, to that with few."""
        for side, number in ((few, min(FEW, self._sizes.stored // 2)), (many, self._sizes.stored)):
            self._bench.run(side, self._sizes.originals)
            fill(side.address, number, self._console.log)
            self._bench.run(side, WARM)  # the caches of the database were emptied by the filling
        run = self._sizes.run
        for much, little in in_turn(
            self._sizes.rounds, lambda: self._bench.run(many, run), lambda: self._bench.run(few, run)
        ):
            ratio = much.service_us / little.service_us
            self.found.add("cost_with_many_stored", ratio, many_stored=much.service_us, few_stored=little.service_us)

    @property
    def lodged(self) -> int:
        """How many declarations the side that is passed through has taken."""
        return self._bench.lodged["passing"]

    def memory(self, side: Ours) -> None:
        """Memory of web and workers, sampled while declarations pass through; the first tenth warms up."""
        part = self._sizes.lodged // SAMPLES
        for number in range(SAMPLES + 1):
            self._bench.run(side, part)
            held = {kind: round(resident_bytes(side.kinds()[kind]) / 1e6, 1) for kind in MEASURED}
            for kind, megabytes in held.items():
                self.found.megabytes.setdefault(kind, []).append(megabytes)
            self._console.log(f"{(number + 1) * part:,} lodged; MB:", held)
        for kind in ("web", "worker"):
            _, first, *later = self.found.megabytes[kind]
            self.found.add(f"memory_{kind}", max(later) / first)

    def items(self, side: Ours) -> None:
        """CPU an item in the largest declaration, to that in one of a hundred items."""
        largest, many = self._sizes.items, 2
        same = max(2, largest * many // SOME_ITEMS)
        self._bench.run(side, 2, items=largest, connections=AT_ONCE, pool=AT_ONCE)
        for big, small in in_turn(
            self._sizes.rounds,
            lambda: self._bench.run(side, many, items=largest, connections=AT_ONCE, pool=AT_ONCE),
            lambda: self._bench.run(side, same, items=SOME_ITEMS, connections=AT_ONCE, pool=AT_ONCE),
        ):
            one, other = big.service_us / largest, small.service_us / SOME_ITEMS
            self.found.add("item_of_many", one / other, item_of_many_us=one, item_of_hundred_us=other)


@contextmanager
def running(servers: Servers, config: Path, *names: str) -> Iterator[list[Ours]]:
    """The product once for each name, with room for the largest declaration, resting."""
    with ExitStack() as stack:
        sides = [stack.enter_context(closing(Ours(name, servers, config, WORKERS))) for name in names]
        for side in sides:
            side.wait_ready()
            side.rest()
        yield sides


def measure(sizes: Sizes, questions: Collection[str], console: Console) -> Iterator[dict[str, Any]]:
    """The report after each of these questions."""
    with (
        running_servers() as servers,
        talker("bench.harness.client") as client,
        configuration(servers, ROUTED) as config,
    ):
        growing = Growing(servers, Bench(client), sizes, console)
        if {"memory", "items"} & set(questions):
            with running(servers, config, "passing") as (side,):
                if "memory" in questions:  # before the largest declarations, whose memory stays with the process
                    console.log("memory while many pass through")
                    growing.memory(side)
                    yield growing.found.as_json(servers.version())
                if "items" in questions:
                    console.log("items of the largest declaration, and of one of a hundred")
                    growing.items(side)
                    yield growing.found.as_json(servers.version())
                if wrong := side.wrong(growing.lodged):
                    raise RuntimeError(f"the record is not as it must be: {wrong}")
        if "stored" in questions:
            with running(servers, config, "few", "many") as (few, many):
                console.log("cost with many stored, and with few")
                growing.stored(few, many)
            yield growing.found.as_json(servers.version())


def show(console: Console, found: dict[str, Any]) -> None:
    """One line a figure."""
    table = Table("measured", "median", "rounds", "target", title="Growth")
    for name, rounds in found["rounds"].items():
        values = ", ".join(f"{value:.2f}" for value in rounds)
        table.add_row(name.replace("_", " "), f"{found[name]:.2f}", values, f"<= {TARGETS[name]:g}")
    console.print(table)


@click.command()
@click.option("--stored", default=1_000_000, show_default=True, help="Declarations in the larger database.")
@click.option("--lodged", default=100_000, show_default=True, help="Declarations that pass while memory is looked at.")
@click.option("--items", default=MANY_ITEMS, show_default=True, help="Items of the largest declaration.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of each comparison.")
@click.option("--question", multiple=True, type=click.Choice(QUESTIONS), default=QUESTIONS, help="Only this one.")
@click.option("--run", default=1_000, show_default=True, help="Declarations of one run.")
def main(question: tuple[str, ...], **how_much: int) -> None:
    """Measure, print, and write bench/latest-growth.json, anew after each question."""
    console = Console()
    os.environ |= LIMITS
    sizes = Sizes(**how_much, originals=min(ORIGINALS, how_much["stored"] // 10))
    for found in measure(sizes, question, console):
        LATEST.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        show(console, found)


if __name__ == "__main__":
    main()
