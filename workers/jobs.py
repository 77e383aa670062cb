"""What a queue worker runs: load the window once, hand the batch number to the use case."""

from __future__ import annotations

from functools import cache

from singlewindow.bootstrap import open_window
from singlewindow.clearance.assess import assess_batch
from singlewindow.clearance.window import Window


@cache
def window() -> Window:
    """The process's window, opened at the first call."""
    return open_window()


def assess(batch_id: int) -> int:
    """Work one batch off; how many questions were answered."""
    return assess_batch(window(), batch_id)
