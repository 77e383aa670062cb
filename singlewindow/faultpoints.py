"""Named places where a test may stop a process: nothing happens unless the environment names one.

`FAULT_POINT=NAME=ACTION[@N]` acts once, when this process reaches NAME the N-th time. Actions: kill (SIGKILL), stop
(SIGSTOP), raise (RuntimeError), sleep (30 s).
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

SLEEP_SECONDS = 30.0
FORM = re.compile(r"(?P<name>[a-z_]+)=(?P<action>kill|stop|raise|sleep)(@(?P<turn>[1-9][0-9]*))?")


class _Armed(NamedTuple):
    name: str
    action: str
    turn: int


def armed_point(environment: Mapping[str, str]) -> _Armed | None:
    """The fault point that the environment names; raises ValueError if it is not well written."""
    text = environment.get("FAULT_POINT", "")
    if not text:
        return None
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"FAULT_POINT is {text!r}; write for example before_commit=kill or after_claim=stop@3")
    return _Armed(found["name"], found["action"], int(found["turn"] or 1))


_armed = armed_point(os.environ)
_lock = threading.Lock()
_turns = 0


def reach(name: str) -> None:
    """Report that the process has reached this place."""
    if _armed is not None and _armed.name == name:
        _act_on(_armed)


def _act_on(point: _Armed) -> None:
    global _turns  # noqa: PLW0603 - one counter per process, as there is one FAULT_POINT
    with _lock:
        _turns += 1
        due = _turns == point.turn
    if due:
        _ACTIONS[point.action]()


def _raise_fault() -> None:
    raise RuntimeError("this fault point fails as requested")


_ACTIONS: Mapping[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "raise": _raise_fault,
    "sleep": lambda: time.sleep(SLEEP_SECONDS),
}
