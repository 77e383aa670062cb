"""When something is sent again, and when a receiver is left alone; pure.

A message is tried again after pauses that double from five seconds to a quarter of an hour, for fourteen days. A
receiver that fails is sent one message at a time, after such pauses as well, until it accepts one. If several messages
in a row fail at their first attempt, it is blocked: then a message is tried before its time, to find out.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from singlewindow.times import MICROSECONDS

KEPT: Final = 14 * 86_400 * MICROSECONDS
"""How long after its publication a message is tried; then it is only read."""
PROVE_WITHIN: Final = 86_400 * MICROSECONDS
"""How long a new receiver may take to prove that it belongs to its subscriber."""
FIRST_PAUSE: Final = 5 * MICROSECONDS
LONGEST_PAUSE: Final = 900 * MICROSECONDS
JITTER: Final = 0.2
BLOCKED_AFTER: Final = 5
"""So many messages in a row that fail at their first attempt block a receiver."""
_DOUBLINGS: Final = 10
_GONE: Final = 410


class Health(NamedTuple):
    """How a receiver takes what it is sent.

    `failures` are first attempts in a row that failed, and failed probes of a blocked receiver, which has been blocked
    since `blocked_at`; it has asked for a pause until `pause_until`. Moments in microseconds.
    """

    failures: int = 0
    blocked_at: int | None = None
    pause_until: int = 0

    def after_success(self) -> Health:
        """One accepted message shows that the receiver is there."""
        return Health()

    def after_failure(self, now: int, *, first: bool, pause: float | None = None) -> Health:
        """A failed attempt, the `first` of its message or not; the receiver may ask for a `pause` in seconds."""
        counted = self.failures + (first or self.blocked_at is not None)
        blocked_at = now if self.blocked_at is None and counted >= BLOCKED_AFTER else self.blocked_at
        asked = now + int(pause * MICROSECONDS) if pause is not None else 0
        return Health(counted, blocked_at, max(self.pause_until, asked))

    def due_at(self, now: int) -> int:
        """When the receiver is next sent something: the more it has failed, the later."""
        rest = pause_after(self.failures) if self.failures else 0
        return max(now + rest, self.pause_until)


def pause_after(attempts: int) -> int:
    """Microseconds until the next attempt after so many failed ones, a fifth more or less by chance."""
    pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, _DOUBLINGS), LONGEST_PAUSE)
    return int(pause * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - only to spread the load


def is_gone(status: int | None) -> bool:
    """Whether a receiver says that it wants nothing more, ever (410 Gone)."""
    return status == _GONE
