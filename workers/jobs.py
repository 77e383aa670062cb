"""What a queue worker runs: load the window once, hand the batch numbers to the use case."""

from __future__ import annotations

import logging
from functools import cache

from singlewindow import logs
from singlewindow.bootstrap import open_window
from singlewindow.clearance.assess import assess_batch
from singlewindow.clearance.window import Window

log = logging.getLogger(__name__)


@cache
def window() -> Window:
    """The process's window, opened at the first call."""
    return open_window()


def assess(*batch_ids: int) -> int:
    """Work batches off, one after the other; how many questions were answered."""
    return sum(map(_assess, batch_ids))


def _assess(batch_id: int) -> int:
    """Work one batch off.

    An error ends here: RQ would log its text and keep it in the queue server, and it may quote a declaration. The
    batch's lease runs out, and its questions are asked again.
    """
    with logs.about(batch=batch_id):
        try:
            return assess_batch(window(), batch_id)
        except Exception:
            log.exception("the batch failed; its questions are asked again when its lease has run out")
            return 0
