"""Processes with their pids kept: started in groups of their own, killed, stopped and continued by group only.

`Keeper` is a small supervisor that starts again what ended, where a row wants that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

RESTART_SECONDS = 0.3
END_SECONDS = 15.0

_undertaker: IO[bytes] | None = None
_starting = threading.Lock()


def tell_undertaker(word: str) -> None:
    """Name a group (`+PID`, `-PID`) or a folder to the process that cleans up after us."""
    global _undertaker  # noqa: PLW0603 - one for the whole run
    with _starting:
        if _undertaker is None:
            script = str(Path(__file__).with_name("undertaker.py"))
            process = subprocess.Popen([sys.executable, "-I", script], stdin=subprocess.PIPE, start_new_session=True)
            process.returncode = 0  # it outlives us on purpose; nobody waits for it
            _undertaker = process.stdin
        assert _undertaker is not None
        _undertaker.write(f"{word}\n".encode())
        _undertaker.flush()


@dataclass
class Process:
    """One process that a row may treat badly. `environment` may be changed between starts."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    passes: tuple[int, ...] = ()
    started_as: Mapping[str, Any] = field(default_factory=dict)
    kept: bool = False
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    ended_at: float = 0.0

    @property
    def pid(self) -> int:
        """The pid of the running process."""
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    def start(self) -> None:
        """Start it in a session of its own; its output is appended to `log`."""
        nothing = subprocess.DEVNULL
        options: dict[str, Any] = {"env": self.environment, **self.started_as}
        if self.process is not None:
            tell_undertaker(f"-{self.process.pid}")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=nothing, stdout=log, stderr=log, pass_fds=self.passes, start_new_session=True,
                **options,
            )  # fmt: skip
        self.starts += 1
        tell_undertaker(f"+{self.process.pid}")

    def alive(self) -> bool:
        """Whether it runs (or is stopped)."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to the whole group, and its end."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait(END_SECONDS)
            tell_undertaker(f"-{self.process.pid}")

    def end(self) -> int:
        """SIGTERM and time to finish; its exit status."""
        if self.process is None:
            return 0
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
            self.kill()
        tell_undertaker(f"-{self.process.pid}")
        return status

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status (negative: the signal)."""
        assert self.process is not None
        return self.process.wait(seconds)


class Keeper:
    """Starts again, after a short pause, every process that is `kept` and has ended."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="keeper")
        self._thread.start()

    def add(self, process: Process) -> Process:
        """Start a process and look after it."""
        with self._lock:
            process.start()
            self.processes.append(process)
        return process

    def drop(self, process: Process) -> None:
        """Look after it no longer."""
        with self._lock:
            process.kept = False
            if process in self.processes:
                self.processes.remove(process)

    def end(self) -> None:
        """End everything, the last started first."""
        self._ending.set()
        self._thread.join()
        for process in reversed(self.processes):
            process.end()

    def _run(self) -> None:
        while not self._ending.wait(0.05):
            with self._lock:
                for process in self.processes:
                    self._look_after(process)

    def _look_after(self, process: Process) -> None:
        if process.alive() or not process.kept:
            return
        now = time.monotonic()
        if not process.ended_at:
            process.ended_at = now
        elif now - process.ended_at >= RESTART_SECONDS:
            process.ended_at = 0.0
            process.start()


def children(pid: int) -> list[int]:
    """The pids of a process's children, theirs included."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found, wanted = [], {pid}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found += sorted(wanted)
    return found


def wait_until(ready: Callable[[], object], seconds: float, what: str = "") -> float:
    """Wait for `ready`; the seconds it took. Fails, naming `what`, when the time is over."""
    begun = time.monotonic()
    while not ready():
        assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} s: {what or ready}"
        time.sleep(0.02)
    return time.monotonic() - begun
