"""`python -m bench`: the product against the sides it is compared with, in turn, in one run of some minutes.

`--plan quick` takes less than a minute and is less exact. Targets are printed beside the results; no time makes the run
fail, but a side that loses, doubles or wrongly decides a declaration ends it with status 1.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from bench.harness.servers import Servers, running_servers
from bench.measure import Bench, Run, Talker, disagreements, floor_us, in_turn, latency, running_floors, talker
from bench.report import LATEST, Report, show
from bench.sides import ALL_ASKED, ROUTED, Load, Ours, Rival, Side, configuration

OURS, EMBEDDED = "ours", "embedded"
RIVALS = ("baseline", "competent")
WIDTH = 140
"""Of the tables if there is no terminal."""


@dataclass(frozen=True)
class Plan:
    """How long everything takes: rounds, seconds of one run, declarations to warm up with and of one floor run.

    `least` is the number of declarations of the shortest run.
    """

    rounds: int
    seconds: float
    warm: int
    floor: int
    half_seconds: float
    quiet_seconds: float
    loads: tuple[Load, ...] = (ROUTED,)
    workers: int = 2
    quiet_rate: float = 1.5
    least: int = 20
    embedded: bool = True


PLANS = {
    "full": Plan(5, 5.0, 300, 2_000, 30.0, 30.0, (ROUTED, ALL_ASKED)),
    "quick": Plan(2, 1.5, 60, 800, 5.0, 6.0),
    # Goes everywhere and says nothing about speed: for the test that the bench still works.
    "tiny": Plan(1, 0.0, 5, 20, 0.1, 0.1, workers=1, quiet_rate=50.0, least=5, embedded=False),
}


class Stage:
    """All sides under one load; what each did last says how many declarations its next run gets."""

    def __init__(self, bench: Bench, sides: Mapping[str, Side], load: Load, plan: Plan, report: Report) -> None:
        self._bench, self._sides, self._load, self._plan, self._report = bench, sides, load, plan, report
        self._rates: dict[str, float] = {}

    def warm(self) -> None:
        """Go through every code path of every side once."""
        for name, side in self._sides.items():
            self._rates[name] = self._bench.run(side, self._plan.warm).rate

    def run(self, name: str) -> Run:
        """One run of about the planned length."""
        declarations = max(self._plan.least, int(self._rates[name] * self._plan.seconds))
        run = self._report.keep(self._load.name, self._bench.run(self._sides[name], declarations))
        self._rates[name] = run.rate
        return run

    def compare(self, name: str) -> None:
        """Ours and another side in turn: the ratio of their throughputs, round by round."""
        key = f"ratio_to_{name}" if self._load is ROUTED else f"ratio_to_{name}_all_asked"
        for mine, other in in_turn(self._plan.rounds, lambda: self.run(OURS), lambda: self.run(name)):
            if name == EMBEDDED:
                self._report.add("embedded_to_postgres", self._load.name, other.rate / mine.rate)
            else:
                self._report.add(key, self._load.name, mine.rate / other.rate)

    def compare_with_floors(self, floors: Mapping[str, Sequence[Talker]], servers: Servers) -> None:
        """Ours between two runs of the floor, of each kind: the ratio of its CPU a declaration to their mean."""
        for _ in range(self._plan.rounds):
            before = {name: floor_us(each, servers, self._plan.floor) for name, each in floors.items()}
            mine = self.run(OURS)
            for name, each in floors.items():
                least = (before[name] + floor_us(each, servers, self._plan.floor)) / 2
                self._report.floors.setdefault(name, []).append(least)
                self._report.add(f"cpu_over_{name}", self._load.name, mine.service_us / least)

    def time(self) -> None:
        """How long a declaration takes at half of what ours can do, and when next to nothing is going on."""
        half = statistics.median(run.rate for run in self._report.runs[f"{OURS}, {self._load.name}"]) / 2
        ours = self._sides[OURS]
        self._report.latencies["half"] = latency(self._bench, ours, half, self._plan.half_seconds)
        self._report.latencies["quiet"] = latency(self._bench, ours, self._plan.quiet_rate, self._plan.quiet_seconds)


@contextmanager
def running_sides(servers: Servers, load: Load, plan: Plan) -> Iterator[dict[str, Side]]:
    """Every side of a load, started together, resting."""
    with configuration(servers, load) as config, ExitStack() as stack:
        made: list[Ours | Rival] = []

        def keep(side: Ours | Rival) -> None:
            stack.callback(side.close)
            made.append(side)

        keep(Ours(OURS, servers, config, workers=plan.workers))
        if load is ROUTED and plan.embedded:
            keep(Ours(EMBEDDED, servers, config, workers=plan.workers, embedded=True))
        for package in RIVALS:
            keep(Rival(package, servers, config, plan.workers))
        for side in made:
            side.wait_ready()
            side.rest()
        yield {side.name: side for side in made}


def measure(plan: Plan, report: Report, console: Console) -> str:
    """Everything, into `report`; the database server's version."""
    with running_servers() as servers, talker("bench.harness.client") as client:
        with running_floors(servers) as floors:
            for load in plan.loads:
                console.log(f"starting every side, agencies {load.name}")
                with running_sides(servers, load, plan) as sides:
                    bench = Bench(client)
                    stage = Stage(bench, sides, load, plan, report)
                    _take_turns(stage, sides, console)
                    if load is ROUTED:
                        console.log("ours and the floor, CPU")
                        stage.compare_with_floors(floors, servers)
                        console.log("latency at half load, and when quiet")
                        stage.time()
                    for side in sides.values():
                        report.wrong += side.wrong(bench.lodged[side.name])
                    report.wrong += disagreements(list(sides.values()))
        return servers.version()


def _take_turns(stage: Stage, sides: Mapping[str, Side], console: Console) -> None:
    console.log("warming up")
    stage.warm()
    for name in sides:
        if name != OURS:
            console.log(f"ours and {name} in turn")
            stage.compare(name)


@click.command()
@click.option("--plan", type=click.Choice(sorted(PLANS)), default="full", show_default=True, help="How long it takes.")
@click.option("--report", "path", type=click.Path(path_type=Path), default=LATEST, show_default=True)
def main(plan: str, path: Path) -> None:
    """Measure, print, and write the report."""
    console, report = Console(), Report()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    postgres = measure(PLANS[plan], report, console)
    found = json.dumps(report.as_json(postgres, plan), indent=2)
    path.write_text(f"{found}\n", encoding="utf-8")
    show(console, report)
    sys.exit(bool(report.wrong))


if __name__ == "__main__":
    main()
