from __future__ import annotations

import subprocess
import sys

import pytest

from singlewindow.faultpoints import armed_point

REACH = """
from singlewindow.faultpoints import reach
for turn in range(3):
    reach("before_commit")
    print(turn, flush=True)
"""


def reached(fault_point: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", REACH], env={"FAULT_POINT": fault_point}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.replace("\n", "")


def test_nothing_happens_where_no_point_is_named() -> None:
    assert armed_point({}) is None
    assert reached("") == (0, "012")


def test_nothing_happens_where_another_point_is_named() -> None:
    assert reached("after_commit=kill") == (0, "012")


def test_a_point_kills_at_its_turn() -> None:
    assert reached("before_commit=kill@2") == (-9, "0")


def test_a_point_raises_at_its_turn_only() -> None:
    assert reached("before_commit=raise@3") == (1, "01")


@pytest.mark.parametrize("written", ["kill", "before_commit", "before_commit=explode", "a=kill@0", "A=kill"])
def test_a_fault_point_written_wrongly_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="FAULT_POINT"):
        armed_point({"FAULT_POINT": written})
