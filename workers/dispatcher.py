"""The dispatcher: turns open questions into batches, rings for workers, takes back lost batches, answers for silence.

Any number of copies may run. Whatever fails in one round, database or queue, the next round tries again.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType

from rq import Queue
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.clearance.dispatch import answer_for_silence, make_batches, take_back
from singlewindow.clearance.window import Window
from singlewindow.faultpoints import reach
from workers.queues import connect, queue, ring

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.5
PAUSE_AFTER_FAILURE = 1.0


def run(window: Window) -> None:
    """Dispatch until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    bell = queue(connect(window.settings.redis_url))
    log.info("dispatcher ready: %d agencies", len(window.agencies))
    next_sweep = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                sweep(window)
                next_sweep = time.monotonic() + SWEEP_SECONDS
            pause = 0.0 if dispatch(window, bell) else window.settings.sw_poll_seconds
        except SQLAlchemyError as error:
            log.warning("the database did not answer, trying again: %s", type(error).__name__)
            pause = PAUSE_AFTER_FAILURE
        stop.wait(pause)


def dispatch(window: Window, bell: Queue) -> int:
    """One round: make batches and ring for them; how many."""
    batches = make_batches(window)
    reach("before_ring")
    if batches and not ring(bell, batches):
        log.warning("the queue server did not answer; %d batches wait for their lease to run out", len(batches))
    return len(batches)


def sweep(window: Window) -> None:
    """Take back lost batches, and answer for agencies whose deadline has passed."""
    lost, silent = take_back(window), answer_for_silence(window)
    if lost or silent:
        log.warning("%d batches taken back, %d questions closed unanswered", lost, silent)
