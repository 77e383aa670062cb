"""The processor time of a piece of work, so that a test of hostile input fails for the work and not for the machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_TRIES = 3


def least_seconds(work: Callable[[], object], enough: float) -> float:
    """Seconds of this thread for `work`: the least of a few tries, ended by the first that takes less than `enough`.

    A busy machine adds to processor time, and so does a collection that looks through what other tests left behind;
    what is slow by itself is slow every time.
    """
    least = float("inf")
    gc.freeze()
    try:
        for _ in range(_TRIES):
            began = time.thread_time()
            work()
            least = min(least, time.thread_time() - began)
            if least < enough:
                break
    finally:
        gc.unfreeze()
    return least
