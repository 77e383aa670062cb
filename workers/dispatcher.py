"""The dispatcher: puts open questions into batches, wakes workers, takes back lost batches, closes overdue questions.

Any number of copies may run. If the database or the queue fails in one round, the next round tries again.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType

from rq import Queue
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.audit.checkpoint import Signer
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.dispatch import answer_for_silence, make_batches, may_gather, take_back
from singlewindow.clearance.life.deadlines import pass_deadlines
from singlewindow.enquiries import audit_trail
from singlewindow.faultpoints import reach
from singlewindow.storage.batches import Batch
from workers.heartbeat import Heartbeat
from workers.queues import QUEUES, connect, queue, queue_of, wake_workers

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.5
PAUSE_AFTER_FAILURE = 1.0


def run(context: ClearanceContext) -> None:
    """Dispatch until SIGTERM or SIGINT."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    client = connect(context.settings.redis_url)
    job_queues = {name: queue(client, name) for name in QUEUES}
    log.info("dispatcher ready: %d agencies", len(context.agencies))
    key = context.settings.sw_audit_key
    signer = Signer(key) if key else None
    if signer is not None:
        log.info("checkpoints are signed with the key %s", signer.public)
    next_sweep, heart = 0.0, Heartbeat(context.engine)
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                sweep(context)
                heart.beat()
                if signer is not None:
                    seal_trail(context, signer)
                next_sweep = time.monotonic() + SWEEP_SECONDS
            pause = _pause_seconds(context, dispatch(context, job_queues))
        except SQLAlchemyError as error:
            log.warning("the database did not answer, trying again: %s", type(error).__name__)
            pause = PAUSE_AFTER_FAILURE
        stop.wait(pause)
    with suppress(SQLAlchemyError):
        heart.leave()


def _pause_seconds(context: ClearanceContext, made: Sequence[Batch]) -> float:
    """Seconds until the next look: a lone question is found at once, and those that follow closely gather."""
    settings = context.settings
    return settings.sw_gather_seconds if may_gather(context, made) else settings.sw_poll_seconds


def dispatch(context: ClearanceContext, job_queues: Mapping[str, Queue]) -> list[Batch]:
    """One round: make batches and wake workers for them, each in its queue."""
    batches = make_batches(context)
    reach("before_ring")
    for name, job_queue in job_queues.items():
        mine = [batch for batch in batches if queue_of(context, batch.agency) == name]
        if mine and not wake_workers(job_queue, mine):
            log.warning("the queue server did not answer; %d batches wait until their leases run out", len(mine))
    return batches


def seal_trail(context: ClearanceContext, signer: Signer) -> None:
    """Make a checkpoint of the audit trail if the last is old enough; only one of several dispatchers makes it."""
    try:
        made = audit_trail.sign_checkpoint(context.engine, signer, context.settings.sw_checkpoint_seconds)
    except ValueError as error:  # somebody has tampered with it; agencies are asked all the same
        log.error("the last checkpoint of the audit trail cannot be read, so none is made: %s", error)
        return
    if made is not None:
        log.info("checkpoint %d of the audit trail is made", made.statement.number)


def sweep(context: ClearanceContext) -> None:
    """Take back lost batches, close questions whose deadline has passed, and end states that have lasted too long."""
    lost, silent, due = take_back(context), answer_for_silence(context), pass_deadlines(context)
    if lost or silent:
        log.warning("%d batches taken back, %d questions closed unanswered", lost, silent)
    if due:
        log.info("the time of %d declarations was over", due)
