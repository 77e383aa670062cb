"""What was measured, beside what was aimed at: a table for the terminal, and `bench/latest.json`."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.harness.documents import POOL, documents
from bench.measure import Latency, Run
from tests.places import REPOSITORY

LATEST = REPOSITORY / "bench" / "latest.json"


@dataclass(frozen=True)
class Target:
    """What a figure must be, at least or at most."""

    key: str
    words: str
    bound: float
    least: bool = False

    def met(self, value: float) -> bool:
        """Whether the figure is good enough."""
        return value >= self.bound if self.least else value <= self.bound


TARGETS = (
    Target("ratio_to_baseline", "throughput, times the baseline's", 25, least=True),
    Target("ratio_to_competent", "throughput, times the competent side's", 4, least=True),
    Target("cpu_over_floor", "CPU a declaration, times the floor's", 10),
    Target("embedded_to_postgres", "throughput embedded, to that on PostgreSQL", 0.4, least=True),
    Target("p50_ms", "lodgement to decision at half load, p50 ms", 100),
    Target("p99_ms", "lodgement to decision at half load, p99 ms", 300),
    Target("quiet_p50_ms", "the same when quiet, p50 ms", 40),
)


@dataclass
class Figure:
    """One figure, round by round."""

    key: str
    load: str
    rounds: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Median, spread and rounds."""
        low, high = min(self.rounds), max(self.rounds)
        middle = statistics.median(self.rounds)
        return {"load": self.load, "median": middle, "low": low, "high": high, "rounds": self.rounds}


@dataclass
class Report:
    """Everything a run of the bench has found."""

    figures: dict[str, Figure] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    latencies: dict[str, Latency] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    floors: dict[str, list[float]] = field(default_factory=dict)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    began: float = field(default_factory=time.time)

    def add(self, key: str, load: str, ratio: float) -> None:
        """One round's value of a figure."""
        self.figures.setdefault(key, Figure(key, load)).rounds.append(ratio)

    def keep(self, load: str, run: Run) -> Run:
        """Remember a run under its side and load."""
        self.runs.setdefault(f"{run.side}, {load}", []).append(run)
        return run

    def median_run(self, name: str, value: Callable[[Run], float]) -> float:
        """The median of something over the runs of a side."""
        return statistics.median(value(run) for run in self.runs[name])

    def values(self) -> dict[str, float]:
        """The figures that have targets."""
        found = {key: statistics.median(figure.rounds) for key, figure in self.figures.items()}
        if "half" in self.latencies:
            found |= {"p50_ms": self.latencies["half"].p50_ms, "p99_ms": self.latencies["half"].p99_ms}
        if "quiet" in self.latencies:
            found["quiet_p50_ms"] = self.latencies["quiet"].p50_ms
        return found

    def cpu(self, name: str) -> dict[str, float]:
        """Median microseconds of CPU a declaration, by kind of process."""
        kinds = self.runs[name][0].cpu_us
        return {kind: round(self.median_run(name, lambda run: run.cpu_us[kind]), 1) for kind in kinds}  # noqa: B023

    def as_json(self, postgres: str, plan: str) -> dict[str, Any]:
        """The whole report."""
        return {
            **{key: round(value, 3) for key, value in self.values().items()},
            "cpu_us_per_declaration": self.cpu(next(iter(self.runs))),
            **{f"{name}_us_per_declaration": round(statistics.median(each), 1) for name, each in self.floors.items()},
            "targets": {target.key: target.bound for target in TARGETS},
            "figures": {key: figure.summary() for key, figure in self.figures.items()},
            "sides": {
                name: {
                    "declarations_per_second": [round(run.rate, 1) for run in runs],
                    "lodged_per_second": [round(run.lodged_rate, 1) for run in runs],
                    "cpu_us_per_declaration": self.cpu(name),
                }
                for name, runs in self.runs.items()
            },
            "latencies": {name: vars(latency) for name, latency in self.latencies.items()},
            "wrong": self.wrong,
            "machine": machine(postgres) | {"load_before": self.load_before},
            "documents": {"pool": POOL, "median_bytes": statistics.median(each.length for each in documents(POOL))},
            "plan": plan,
            "seconds": round(time.time() - self.began),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
        }


def machine(postgres: str) -> dict[str, Any]:
    """What this ran on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    return {
        "processors": os.cpu_count(),
        "model": model,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": postgres,
        "commit": commit.stdout.strip(),
    }


def show(console: Console, report: Report) -> None:
    """The three tables."""
    values = report.values()
    table = Table("measured", "median", "spread", "target", "", title="Against the targets")
    for target in (each for each in TARGETS if each.key in values):
        figure = report.figures.get(target.key)
        spread = f"{min(figure.rounds):.2f} - {max(figure.rounds):.2f} ({len(figure.rounds)} rounds)" if figure else ""
        sign = ">=" if target.least else "<="
        met = "[green]met[/]" if target.met(values[target.key]) else "[red]not met[/]"
        table.add_row(target.words, f"{values[target.key]:.2f}", spread, f"{sign} {target.bound:g}", met)
    for figure in (each for key, each in report.figures.items() if not any(key == aim.key for aim in TARGETS)):
        spread = f"{min(figure.rounds):.2f} - {max(figure.rounds):.2f} ({len(figure.rounds)} rounds)"
        table.add_row(f"{figure.key} ({figure.load})", f"{statistics.median(figure.rounds):.2f}", spread, "", "")
    console.print(table, _sides(report))
    for name, latency in report.latencies.items():
        words = f"{name}: {latency.rate:.1f}/s, p50 {latency.p50_ms:.0f} ms, p99 {latency.p99_ms:.0f} ms"
        console.print(f"{words} ({latency.declarations} declarations)", highlight=False)
    for words in report.wrong:
        console.print(f"[red]{words}[/]", highlight=False)


def _sides(report: Report) -> Table:
    kinds: Sequence[str] = ("web", "dispatcher", "worker", "queue server", "database", "client")
    table = Table("side, load", "decl./s", *kinds, "all but client", title="CPU, microseconds a declaration (medians)")
    for name in report.runs:
        used = report.cpu(name)
        rate = f"{report.median_run(name, lambda run: run.rate):.0f}"
        total = f"{report.median_run(name, lambda run: run.service_us):.0f}"
        table.add_row(name, rate, *(f"{used[kind]:.0f}" if kind in used else "" for kind in kinds), total)
    for name, rounds in report.floors.items():
        table.add_row(name.replace("_", " "), "", *("" for _ in kinds), f"{statistics.median(rounds):.0f}")
    return table
