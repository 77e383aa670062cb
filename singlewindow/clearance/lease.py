"""A batch's sign of life: while its questions are being asked, a thread renews the lease on the database's clock.

The lease can therefore be short, so that a killed worker's questions are asked again soon, and a call may still take
longer than it. Renewal ends after a while whatever happens: a worker stuck for ever loses its batch, too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from singlewindow.clearance.window import Window
from singlewindow.storage import questions
from singlewindow.storage.engines import clock
from singlewindow.times import MICROSECONDS

log = logging.getLogger(__name__)

RENEWALS_IN_A_LEASE = 3
LONGEST_SECONDS = 60.0


def lease_until(window: Window, now: int) -> int:
    """When a lease that is given or renewed now runs out."""
    return now + int(window.settings.sw_lease_seconds * MICROSECONDS)


@contextmanager
def renewed(window: Window, batch_id: int) -> Iterator[None]:
    """Keep the batch's lease while the block runs, for a minute at most."""
    done = threading.Event()
    thread = threading.Thread(target=_keep, args=(window, batch_id, done), name=f"lease-{batch_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _keep(window: Window, batch_id: int, done: threading.Event) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not done.wait(window.settings.sw_lease_seconds / RENEWALS_IN_A_LEASE):
        if time.monotonic() > end:
            log.error(
                "batch %d is not done after %.0f seconds; its lease is left to run out", batch_id, LONGEST_SECONDS
            )
            return
        try:
            if not _renew(window, batch_id):
                log.warning("lease_lost batch=%d: its questions are asked again elsewhere", batch_id)
                return
        except SQLAlchemyError as error:
            log.warning("the lease of batch %d could not be renewed, trying again: %s", batch_id, type(error).__name__)


def _renew(window: Window, batch_id: int) -> bool:
    with window.engine.begin() as connection:
        return questions.renew(connection, batch_id, lease_until(window, clock(connection)))
