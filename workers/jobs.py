"""The job of a queue worker: load the context once, pass the batch numbers to the use case."""

from __future__ import annotations

import logging
from functools import cache

from singlewindow.bootstrap.context import open_context
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.assess import assess_batches

log = logging.getLogger(__name__)


@cache
def context() -> ClearanceContext:
    """The context of this process, opened at the first call."""
    return open_context()


def assess(*batch_ids: int) -> int:
    """Process batches together; returns how many questions were answered.

    Errors end here: RQ would log their texts and keep them in the queue server, and they may quote a declaration. The
    batches' leases run out, and their questions are asked again.
    """
    try:
        return assess_batches(context(), *batch_ids)
    except Exception:
        log.exception("batches %s failed; their questions are asked again when the leases have run out", batch_ids)
        return 0
