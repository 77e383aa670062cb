"""A circuit breaker: after several failures in a row, calls to an agency stop, and single calls try whether it is back.

Each belongs to one agency in one worker process. It is about the connection, not about any declaration: a question that
it holds back was never asked, so it loses no attempt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Breaker:
    """Opens after `failures` in a row; open, it lets one call through every `probe_seconds` (by `clock`, monotonic)."""

    def __init__(self, failures: int, probe_seconds: float, clock: Clock = time.monotonic) -> None:
        self._failures, self._probe_seconds, self._clock = failures, probe_seconds, clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._next_probe = 0.0
        self._rest_until = 0.0

    def seconds_to_wait(self) -> float:
        """Seconds until a call may be made; 0.0 means make it now, and then report how it ended."""
        with self._lock:
            now = self._clock()
            if now < self._rest_until:
                return self._rest_until - now
            if self._in_a_row < self._failures:
                return 0.0
            if now < self._next_probe:
                return min(self._next_probe - now, self._probe_seconds)
            self._next_probe = now + self._probe_seconds
            return 0.0

    def note_success(self) -> None:
        """Note that the agency answered: whatever it said, it is there."""
        with self._lock:
            self._in_a_row = 0

    def note_failure(self) -> None:
        """Note that the agency did not answer, or gave no usable answer."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self._failures:  # counted from the end: a probe that hangs is followed by a pause, too
                self._next_probe = self._clock() + self._probe_seconds

    def pause_calls(self, seconds: float) -> None:
        """Note that the agency asked for a pause: no call is made before it is over."""
        with self._lock:
            self._rest_until = max(self._rest_until, self._clock() + seconds)
