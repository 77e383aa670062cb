"""The bench still works: every side takes declarations, decides them alike, and the report has every figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import REPOSITORY

pytestmark = pytest.mark.service

FIGURES = {
    "ratio_to_baseline", "ratio_to_competent", "cpu_over_floor", "cpu_over_busy_floor", "p50_ms", "p99_ms",
    "quiet_p50_ms", "cpu_us_per_declaration",
}  # fmt: skip


def test_every_side_of_the_bench_decides_every_declaration_alike(postgres_url: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "bench", "--plan", "tiny", "--report", str(report)]
    environment = dict(os.environ) | {"DATABASE_URL": postgres_url}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found.keys() >= FIGURES
    assert found["wrong"] == []
