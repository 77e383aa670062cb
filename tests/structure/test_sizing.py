"""The arithmetic of the sizing pages follows from their table of costs, so that a new measurement changes all of it."""

from __future__ import annotations

import re

import pytest

from singlewindow.settings import Settings
from tests.places import REPOSITORY

HALF_LOAD = 0.5
SECONDS_A_DAY = 86_400
SCALING = (REPOSITORY / "docs" / "scaling.md").read_text(encoding="utf-8")
DEPLOYMENT = (REPOSITORY / "docs" / "deployment.md").read_text(encoding="utf-8")


def cost(of: str, text: str = SCALING) -> float:
    """The cost of one declaration: milliseconds of a processor, or kilobytes."""
    found = re.search(rf"^\| {of} \| ([0-9.]+) (?:ms|KB) \|", text, re.MULTILINE)
    assert found, of
    return float(found[1])


CPU = [cost(f"{part} CPU") for part in ("web", "worker", "database", "dispatcher and queue server")]
ROWS = [
    [float(cell.replace(",", "")) for cell in line.strip("| ").split("|")]
    for line in SCALING.splitlines()
    if re.fullmatch(r"\|( [0-9.,]+ \|){7}", line)
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]:.0f} a second")
def test_processors_disk_and_log_follow_from_the_costs(row: list[float]) -> None:
    rate, *told = row
    processors = [rate * each / 1_000 / HALF_LOAD for each in CPU]
    stored = rate * SECONDS_A_DAY * cost("stored") / 1e6
    log = rate * cost("write-ahead log") / 1e3
    assert told == pytest.approx([*processors[:3], sum(processors), stored, log], rel=0.05, abs=0.05)


def test_the_limits_of_the_numbering_row_follow_from_the_time_it_is_held() -> None:
    limits = re.findall(r"^ *\| (\d+) ms \| (\d+) \| ([\d,]+) \|", SCALING, re.MULTILINE)
    for held, transactions, declarations in limits:
        most = 1_000 / int(held)
        assert int(transactions) == int(most)
        assert float(declarations.replace(",", "")) == pytest.approx(most / 2 * Settings().sw_threads, rel=0.01)
    assert len(limits) == 3


def test_both_pages_name_the_same_costs() -> None:
    parts = ("web", "worker", "database", "dispatcher and queue server")
    assert [cost(part, DEPLOYMENT) for part in parts] == CPU
    assert len(ROWS) >= 5


def test_the_page_for_ministries_follows_from_the_same_costs() -> None:
    page = (REPOSITORY / "docs" / "ministry.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.,]+) \|", page, re.MULTILINE)
    assert len(rows) == 5
    for row in rows:
        year, average, peak, processors, stored = (float(cell.replace(",", "")) for cell in row)
        rate = year / 365 / SECONDS_A_DAY
        told = [average, peak, processors, stored]
        expected = [rate, 10 * rate, 10 * rate * sum(CPU) / 1_000 / HALF_LOAD, year * cost("stored") / 1e6]
        assert told == pytest.approx(expected, rel=0.1, abs=0.05)
        assert [average, peak] == pytest.approx(expected[:2], rel=0.1)
    assert f"{sum(CPU):.1f} ms of processor time" in " ".join(page.split())
