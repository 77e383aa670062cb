"""A batch's sign of life: while its questions are being asked, a thread renews the lease by the database's clock.

The lease can therefore be short, so that a killed worker's questions are soon asked again, while a call may take longer
than the lease. Renewal always ends after a while, so that a worker that hangs loses its batch, too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage import batches
from singlewindow.times import MICROSECONDS

log = logging.getLogger(__name__)

RENEWALS_IN_A_LEASE = 3
LONGEST_SECONDS = 60.0


def lease_end(context: ClearanceContext) -> int:
    """The end of a lease that is given or renewed now; microseconds."""
    return int(context.settings.sw_lease_seconds * MICROSECONDS)


@contextmanager
def leases_renewed(context: ClearanceContext, batch_ids: Iterable[int]) -> Iterator[None]:
    """Keep the batches' leases while the block runs, for a minute at most."""
    done = threading.Event()
    thread = threading.Thread(target=_keep_leases, args=(context, sorted(batch_ids), done), name="leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _keep_leases(context: ClearanceContext, batch_ids: list[int], done: threading.Event) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not done.wait(context.settings.sw_lease_seconds / RENEWALS_IN_A_LEASE):
        if time.monotonic() > end:
            log.error("batches %s are not done after %.0f s; their leases run out", batch_ids, LONGEST_SECONDS)
            return
        try:
            lost = len(batch_ids) - _renew_leases(context, batch_ids)
        except SQLAlchemyError as error:
            log.warning("the leases of %s could not be renewed, trying again: %s", batch_ids, type(error).__name__)
            continue
        if lost:
            log.warning("lease_lost: %d of the batches %s; other workers ask their questions again", lost, batch_ids)
        if lost == len(batch_ids):
            return


def _renew_leases(context: ClearanceContext, batch_ids: list[int]) -> int:
    with context.engine.begin() as connection:
        return batches.renew_leases(connection, batch_ids, lease_end(context))
