"""Following one thing through the product: which file calls which, and what it calls there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from tests.places import REPOSITORY
from tests.structure.product import ROOMS

HOME = tuple(f"{REPOSITORY / room}/" for room in ROOMS)


class Step(NamedTuple):
    """One call from a file of the product into another: both below the repository, and the function called there."""

    caller: str
    file: str
    function: str


class Walk:
    """The steps of whatever is done while it is recorded, in every thread that begins meanwhile, in their order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what is called inside."""
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or (file := _file_of(frame.f_code.co_filename)) is None:
            return
        caller = _caller_of(frame)
        if caller != file:
            self.steps.append(Step(caller, file, frame.f_code.co_name))

    @property
    def files(self) -> list[str]:
        """The files entered, each once, in the order of the first entry."""
        return list(dict.fromkeys(step.file for step in self.steps))


@cache
def _file_of(code: str) -> str | None:
    return Path(code).relative_to(REPOSITORY).as_posix() if code.startswith(HOME) else None


def _caller_of(frame: FrameType) -> str:
    """The nearest file of the product that is above a frame; "" where nobody of ours called it."""
    above = frame.f_back
    while above is not None:
        if file := _file_of(above.f_code.co_filename):
            return file
        above = above.f_back
    return ""


def walk(act: Callable[[], object]) -> Walk:
    """What is passed while `act` is done."""
    found = Walk()
    with found.recorded():
        act()
    return found
