"""What a process remembers of the record for a short time, so that not every request asks the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

REMEMBERED_SECONDS = 2.0
"""What is revoked or ended is refused by every process after this time at the latest."""
MOST_REMEMBERED = 10_000


class Memory(Generic[Key, Value]):
    """Answers by key, each for so many `seconds`; that there is none (None) is never remembered.

    Safe to share between threads: at worst two of them ask the same at once.
    """

    def __init__(
        self,
        ask: Callable[[Key], Value | None],
        now: Callable[[], float] = time.monotonic,
        seconds: float = REMEMBERED_SECONDS,
    ) -> None:
        self._ask, self._now, self._seconds = ask, now, seconds
        self._answers: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The answer, as it was at most so many seconds ago."""
        known = self._answers.get(key)
        if known is not None and self._now() < known[0]:
            return known[1]
        answer = self._ask(key)
        if answer is None:
            self._answers.pop(key, None)
            return None
        if len(self._answers) >= MOST_REMEMBERED:
            self._answers.clear()
        self._answers[key] = (self._now() + self._seconds, answer)
        return answer


class Snapshot(Generic[Value]):
    """One answer for everybody, asked for anew by one thread every so many `seconds` while the others keep the last."""

    def __init__(self, ask: Callable[[], Value], now: Callable[[], float], seconds: float) -> None:
        self._ask, self._now, self._seconds = ask, now, seconds
        self._last: tuple[float, Value] | None = None
        self._asking = threading.Lock()

    def get(self) -> Value:
        """The answer, as it was so many seconds ago, or for as long as asking anew takes longer than that."""
        last = self._last
        if last is not None and (self._now() < last[0] or not self._asking.acquire(blocking=False)):
            return last[1]
        if last is None:
            self._asking.acquire()
        try:
            return self._renewed()
        finally:
            self._asking.release()

    def _renewed(self) -> Value:
        last = self._last
        if last is None or self._now() >= last[0]:
            last = self._last = (self._now() + self._seconds, self._ask())
        return last[1]
