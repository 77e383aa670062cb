"""Numbers for new rows, made by the process that writes them, so that one statement can write many related rows.

An id has 63 bits: milliseconds since 2020 in the upper 41, random bits in the lower 22. Ids of one moment sort close
together, which keeps the indexes' new rows side by side. One process never makes an id twice, as each is greater than
the one before; the primary key refuses the rare duplicate of two processes.
"""

from __future__ import annotations

import secrets
import threading

from singlewindow.times import application_clock

EPOCH_MILLISECONDS = 1_577_836_800_000  # 2020-01-01T00:00:00Z
CHANCE_BITS = 22


_making = threading.Lock()
_last = 0


def new_id() -> int:
    """A new id of at most 63 bits: it fits a bigint, and 13 characters of base 36."""
    global _last  # noqa: PLW0603 - what one process must not repeat is the process's to remember
    moment = application_clock() // 1_000_000 - EPOCH_MILLISECONDS
    with _making:
        _last = max(_last + 1, (moment << CHANCE_BITS) | secrets.randbits(CHANCE_BITS))
        return _last
