"""How many requests one client may send to one web process: each has a bucket of requests, which refills with time.

In memory only: no request waits for a shared counter, and a restarted process begins with full buckets. With n web
processes, a client has up to n times the limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

BURST_SECONDS: Final = 2.0
"""How many seconds' worth of requests may come at once."""
MOST_CLIENTS: Final = 10_000


class Buckets:
    """One bucket for each client; threads may share it."""

    def __init__(self, per_second: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._now = per_second, burst, now
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def take_request(self, client: str) -> float:
        """Take one request out of the client's bucket; 0, or the seconds until the next request is allowed."""
        if self._per_second <= 0:
            return 0.0
        with self._lock:
            now = self._now()
            full_at = max(now, self._full_at.get(client, now)) + 1 / self._per_second
            short = full_at - now - self._burst / self._per_second
            if short > 1e-9:
                return short
            if len(self._full_at) >= MOST_CLIENTS:
                self._full_at = {name: moment for name, moment in self._full_at.items() if moment > now}
            self._full_at[client] = full_at
            return 0.0
