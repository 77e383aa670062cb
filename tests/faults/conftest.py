"""What every row may ask for: installations of its own, its seed, and the checker at its end."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.faults.harness.installation import LONG_DEADLINE, Installation, installation
from tests.faults.harness.servers import PostgresTemplate

SEEDS = 1_000_000
Install = Callable[..., Installation]
_seed = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def postgres_template() -> PostgresTemplate:
    """PostgreSQL's binaries and a data folder with tables, to copy from."""
    return PostgresTemplate()


@pytest.fixture(autouse=True)
def seed(request: pytest.FixtureRequest) -> int:
    """The row's seed: new each time, or SW_FAULT_SEED; shown where the row fails."""
    chosen = int(os.environ.get("SW_FAULT_SEED") or random.SystemRandom().randrange(SEEDS))
    random.seed(chosen)
    request.node.stash[_seed] = chosen
    return chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Print the seed with every failure."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.failed and _seed in item.stash:
        report.sections.append(("seed", f"replay with SW_FAULT_SEED={item.stash[_seed]}"))
    return report  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Every row's numbers, in one table at the end."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    rows = [(name, value) for report in reports for name, value in report.user_properties if name.startswith("F")]
    if rows:
        terminalreporter.section("fault rows")
    for name, value in sorted(rows, key=str):
        terminalreporter.write_line(f"{name:5} {value}")


@pytest.fixture
def install(request: pytest.FixtureRequest) -> Iterator[Install]:
    """Make installations: `install(engine="postgresql", deadline=..., settings={...})`; all end with the row."""
    with ExitStack() as stack:

        def make(
            engine: str = "postgresql", deadline: float = LONG_DEADLINE, settings: Mapping[str, str] | None = None
        ) -> Installation:
            template = request.getfixturevalue("postgres_template") if engine == "postgresql" else None
            return stack.enter_context(installation(template, deadline, settings))

        yield make
