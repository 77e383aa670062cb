"""The supervisor of `singlewindow up`: starts every process, restarts those that end, and ends them all together.

On Linux the kernel ends each child when the supervisor ends, and a supervisor that starts in a data folder first ends
what an earlier one left behind.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
LOOK_SECONDS = 0.1
RESTART_SECONDS = 0.3
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One supervised process: how to start it, and the process now running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    passes: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    not_before: float = field(default=0.0)

    def start(self) -> None:
        """Start the process in a group of its own."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            self.command,
            env=dict(self.environment),
            pass_fds=self.passes,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - no threads run yet when children start
        )

    def has_ended(self) -> bool:
        """Whether the process has ended; if so, also ends what it left in its group."""
        if self.process is None or self.process.poll() is None:
            return False
        _signal_group(self.process.pid, signal.SIGKILL)
        return True


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def request_signal() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the supervisor ended between fork and here
            os._exit(1)

    return request_signal


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class Supervisor:
    """Keeps children running until `stop`. `record` is a file with their process ids, for the next supervisor."""

    def __init__(self, children: Sequence[Child], record: Path) -> None:
        self.children = children
        self._record = record
        self._stopping = False

    def stop(self, *_: object) -> None:
        """Ask the loop to end; the children then finish their work."""
        self._stopping = True

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Start all children and keep them running until `stop` is called or `until` says so."""
        try:
            for child in self.children:
                self._start_child(child)
            while not self._stopping and not until():
                self._look_after()
                time.sleep(LOOK_SECONDS)
        finally:
            self.end()

    def _start_child(self, child: Child) -> None:
        child.start()
        lines = [f"{entry.process.pid} {entry.name}\n" for entry in self.children if entry.process]
        self._record.write_text("".join(lines), encoding="utf-8")

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.has_ended():
                log.warning("%s ended with status %s; starting it again", child.name, _exit_status(child))
                child.process, child.not_before = None, now + RESTART_SECONDS
            elif child.process is None and now >= child.not_before:
                self._start_child(child)

    def end(self) -> None:
        """End all children, the last started first: SIGTERM and time to finish, then SIGKILL to the whole group."""
        deadline = time.monotonic() + DRAIN_SECONDS
        for child in reversed(self.children):
            if child.process is None:
                continue
            _signal_group(child.process.pid, signal.SIGTERM)
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("%s did not end in time", child.name)
            _signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._record.unlink(missing_ok=True)


def _exit_status(child: Child) -> int | None:
    return child.process.returncode if child.process else None


def end_leftovers(record: Path) -> None:
    """End the process groups that an earlier supervisor left behind and the kernel did not end."""
    if record.exists():
        for line in record.read_text(encoding="utf-8").splitlines():
            pid = int(line.split()[0])
            if _is_ours(pid):
                _signal_group(pid, signal.SIGKILL)
        record.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    """Whether this process id still belongs to one of our commands, not to another process that has got it since."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return "singlewindow" in shown.stdout or "valkey" in shown.stdout or "redis-server" in shown.stdout
