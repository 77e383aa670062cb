"""Processor time of processes with all their children, read from the kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.faults.harness.processes import children

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pids: Sequence[int]) -> float:
    """What these processes and their children have used so far, children that have ended included."""
    return sum(_ticks(each) for pid in pids for each in (pid, *children(pid))) / TICKS


def _ticks(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:15])  # utime, stime and those of children that were waited for
    return 0


def resident_bytes(pids: Sequence[int]) -> int:
    """The memory these processes hold now, without their children."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) for pid in pids) * PAGE


class Meter:
    """Processor time by kind of process since it was made."""

    def __init__(self, kinds: Mapping[str, Sequence[int]]) -> None:
        self._kinds = kinds
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        """Seconds used by each kind."""
        now = self._now()
        return {kind: now[kind] - before for kind, before in self._before.items()}

    def _now(self) -> dict[str, float]:
        return {kind: cpu_seconds(pids) for kind, pids in self._kinds.items()}
