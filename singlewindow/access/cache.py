"""Short-lived caches of the record, so that not every request asks the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

CACHED_SECONDS = 2.0
"""After this time at the latest, every process refuses a revoked or ended key or mandate."""
MOST_CACHED = 10_000


class TtlCache(Generic[Key, Value]):
    """Values by key, each kept for `seconds`; None is never kept.

    Threads may share it: at worst, two of them load the same value at once.
    """

    def __init__(
        self,
        load: Callable[[Key], Value | None],
        now: Callable[[], float] = time.monotonic,
        seconds: float = CACHED_SECONDS,
    ) -> None:
        self._load, self._now, self._seconds = load, now, seconds
        self._values: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The value, at most `seconds` old."""
        known = self._values.get(key)
        if known is not None and self._now() < known[0]:
            return known[1]
        value = self._load(key)
        if value is None:
            self._values.pop(key, None)
            return None
        if len(self._values) >= MOST_CACHED:
            self._values.clear()
        self._values[key] = (self._now() + self._seconds, value)
        return value


class RefreshingCache(Generic[Value]):
    """One value for everybody; every `seconds`, one thread reloads it while the others use the last."""

    def __init__(self, load: Callable[[], Value], now: Callable[[], float], seconds: float) -> None:
        self._load, self._now, self._seconds = load, now, seconds
        self._last: tuple[float, Value] | None = None
        self._loading = threading.Lock()

    def get(self) -> Value:
        """The value, at most `seconds` old, or older if reloading takes longer than that."""
        last = self._last
        if last is not None and (self._now() < last[0] or not self._loading.acquire(blocking=False)):
            return last[1]
        if last is None:
            self._loading.acquire()
        try:
            return self._reload_if_old()
        finally:
            self._loading.release()

    def _reload_if_old(self) -> Value:
        last = self._last
        if last is None or self._now() >= last[0]:
            last = self._last = (self._now() + self._seconds, self._load())
        return last[1]
