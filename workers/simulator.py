"""The simulator's only process: it asks its agency, answers for its officers, and lets time pass.

Any number of copies may run. It has a record of its own, so however much is rehearsed, nobody else waits.
"""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.clearance.deciding.dispatch import make_batches, take_back
from singlewindow.clearance.life.amend import Amender
from singlewindow.simulator.officers import play

log = logging.getLogger(__name__)

TURN_SECONDS: Final = 0.2
PAUSE_AFTER_FAILURE: Final = 1.0


def run(context: ClearanceContext, amender: Amender) -> None:
    """Rehearse until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    log.info("simulator ready")
    while not stop.is_set():
        pause = TURN_SECONDS
        try:
            turn(context, amender)
        except SQLAlchemyError as error:
            log.warning("the simulator's database did not answer, trying again: %s", type(error).__name__)
            pause = PAUSE_AFTER_FAILURE
        stop.wait(pause)


def turn(context: ClearanceContext, amender: Amender) -> None:
    """Everything that agencies and officers would do now."""
    take_back(context)
    while batches := make_batches(context):
        for batch in batches:
            assess_batches(context, batch.id)
    play(context, amender)
