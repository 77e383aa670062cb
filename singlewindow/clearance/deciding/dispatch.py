"""Dispatching: puts open questions into leased batches, takes back lost batches, and closes overdue questions.

Any number of copies may run: each passes over what another has locked.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.close_questions import close_questions, unanswered_closure
from singlewindow.clearance.deciding.lease import lease_end
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import Answer
from singlewindow.storage import batches, declarations, open_questions
from singlewindow.storage.batches import Batch, Due, Lot
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.trail import events

SWEEP_SIZE = 200


def make_batches(context: ClearanceContext) -> list[Batch]:
    """Put waiting questions into batches, each for one agency; the caller wakes workers for them after the commit.

    An agency has at most `sw_batches_open` batches under way; further questions make the next batch larger. A remote
    agency has fewer, none larger than what it is asked at once, so that each ends within one time limit.
    """
    with reading(context.engine) as connection:
        ready = _ready_agencies(context, connection)
    if not ready:
        return []
    with context.engine.begin() as connection:
        now = clock(connection)
        return batches.make_batches(connection, [(due, _batch_lot(context, due.agency, now)) for due in ready])


def _ready_agencies(context: ClearanceContext, connection: Connection) -> list[Due]:
    """The agencies that get a batch now."""
    waiting = batches.find_due(connection, tuple(sorted(context.agencies)))
    under_way = batches.count_open(connection) if waiting else {}
    return [due for due in waiting if under_way.get(due.agency, 0) < _most_open(context, due.agency)]


def _most_open(context: ClearanceContext, agency: str) -> int:
    settings = context.settings
    return settings.sw_remote_batches_open if context.is_remote(agency) else settings.sw_batches_open


def may_gather(context: ClearanceContext, made: Iterable[Batch]) -> bool:
    """Whether these batches left nothing waiting for the agencies that answer here, so that more may gather.

    Questions to remote agencies are not counted: an agency that keeps failing must not slow the others.
    """
    here = [batch for batch in made if not context.is_remote(batch.agency)]
    return bool(here) and not any(batch.failed or batch.size >= _batch_size(context, batch.agency) for batch in here)


def _batch_lot(context: ClearanceContext, agency: str, now: int) -> Lot:
    """A question that failed before gets a batch of its own, unless each question is a call of its own anyway."""
    size = _batch_size(context, agency)
    return Lot(now, now + lease_end(context), size, size if context.is_remote(agency) else 1)


def _batch_size(context: ClearanceContext, agency: str) -> int:
    remote = context.agencies[agency].remote
    return min(context.settings.sw_batch_size, remote.concurrency) if remote else context.settings.sw_batch_size


def take_back(context: ClearanceContext) -> int:
    """End batches whose lease ran out, so that their questions are asked again; returns how many.

    To avoid deadlocks, everybody who changes questions locks their versions first, and a batch ends with all of its
    questions: if somebody else holds one of its versions, the batch waits for the next sweep.
    """
    with reading(context.engine) as connection:
        if not batches.has_lost(connection, clock(connection)):
            return 0
    with context.engine.begin() as connection:
        now = clock(connection)
        versions_of = batches.versions_in(connection, lost := batches.lock_lost(connection, now))
        asked_about = set().union(*versions_of.values())
        held = {each.version_id for each in declarations.lock_versions(connection, asked_about, skip_locked=True)}
        ended = [batch_id for batch_id in lost if versions_of.get(batch_id, set()) <= held]
        parked = batches.end_lost(connection, ended, context.settings.sw_attempts)
        events.record(connection, [parked_event(each.version_id, each.agency, each.failure, now) for each in parked])
        return len(ended)


def parked_event(version_id: int, agency: str, failure: str | None, now: int) -> events.Event:
    """The event that a question is no longer asked, until its deadline or an operator's retry."""
    detail = {"agency": agency, "failure": failure}
    return events.Event(now, events.Kind.PARKED, events.SYSTEM, version_id, detail)


def answer_for_silence(context: ClearanceContext) -> int:
    """Close questions past their deadline as silent or failed, which means inspect; returns how many.

    Versions that somebody else holds wait for the next sweep.
    """
    with reading(context.engine) as connection:
        late = open_questions.find_overdue(connection, clock(connection), SWEEP_SIZE)
    if not late:
        return 0
    with changing(context.engine) as connection:
        versions = declarations.lock_versions(connection, late, skip_locked=True)
        now = clock(connection)
        taken = open_questions.take_overdue(connection, [version.version_id for version in versions], now)
        closures = [unanswered_closure(each, Answer.FAILED if each.attempts else Answer.SILENT) for each in taken]
        close_questions(Transaction(connection, context.rulebooks, now), versions, closures)
        return len(taken)
