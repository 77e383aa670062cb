"""Dispatching: open questions become leased batches, lost leases are taken back, and silence is answered for.

Safe in any number of copies: what one copy has locked, the others pass over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection

from singlewindow.audit import commitments
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.deciding.lease import lease
from singlewindow.decisions.assessment import Answer, Assessment, Control, Lane
from singlewindow.storage import assessments, counters, declarations, events, open_questions
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.open_questions import Batch, Due
from singlewindow.storage.tables import Record

SWEEP_SIZE = 200


def make_batches(context: ClearanceContext) -> list[Batch]:
    """Put waiting questions into batches, each of one agency; the caller wakes workers for them after the commit.

    At most `sw_batches_open` of an agency are under way: what waits beyond them grows the next batch. A remote agency
    has fewer, none larger than what it is asked at once: each then ends within one time limit.
    """
    with reading(context.engine) as connection:
        ready = _ready(context, connection)
    if not ready:
        return []
    with context.engine.begin() as connection:
        now = clock(connection)
        return open_questions.make_batches(connection, [(due, _lot(context, due.agency, now)) for due in ready])


def _ready(context: ClearanceContext, connection: Connection) -> list[Due]:
    """The agencies that get a batch now."""
    waiting = open_questions.waiting(connection, tuple(sorted(context.agencies)))
    under_way = open_questions.open_batches(connection) if waiting else {}
    return [due for due in waiting if under_way.get(due.agency, 0) < _most_open(context, due.agency)]


def _most_open(context: ClearanceContext, agency: str) -> int:
    settings = context.settings
    return settings.sw_remote_batches_open if context.is_remote(agency) else settings.sw_batches_open


def may_gather(context: ClearanceContext, batches: Iterable[Batch]) -> bool:
    """Whether these batches took all that was asked of agencies in this process, so that more may gather.

    What remote agencies are asked is no sign of load: one that fails again and again must not slow the others.
    """
    here = [batch for batch in batches if not context.is_remote(batch.agency)]
    return bool(here) and not any(batch.failed or batch.size >= _size(context, batch.agency) for batch in here)


def _lot(context: ClearanceContext, agency: str, now: int) -> open_questions.Lot:
    """A question that failed before is worked off alone, except where each is a call of its own anyway."""
    size = _size(context, agency)
    return open_questions.Lot(now, now + lease(context), size, size if context.is_remote(agency) else 1)


def _size(context: ClearanceContext, agency: str) -> int:
    remote = context.agencies[agency].remote
    return min(context.settings.sw_batch_size, remote.concurrency) if remote else context.settings.sw_batch_size


def take_back(context: ClearanceContext) -> int:
    """End batches whose lease ran out, so that their questions are asked again; how many."""
    with reading(context.engine) as connection:
        if not open_questions.lost_batches(connection, clock(connection)):
            return 0
    with context.engine.begin() as connection:
        now = clock(connection)
        lost = open_questions.lock_lost(connection, now)
        # Who changes questions holds their versions, so that nobody waits in a ring.
        declarations.lock_versions(connection, open_questions.versions_in(connection, [row.id for row in lost]))
        parked = open_questions.reclaim(connection, lost, context.settings.sw_attempts)
        events.record(connection, [_parked(question, now) for question in parked])
        return len(lost)


def _parked(question: Record, now: int) -> events.Event:
    detail = {"agency": question.agency, "failure": question.failure}
    return events.Event(now, events.Kind.PARKED, events.SYSTEM, question.version_id, detail)


def answer_for_silence(context: ClearanceContext) -> int:
    """Close questions past their deadline as silent or failed, which means inspect; how many were closed."""
    with reading(context.engine) as connection:
        late = open_questions.overdue(connection, clock(connection), SWEEP_SIZE)
    if not late:
        return 0
    with context.engine.begin() as connection:
        versions = declarations.lock_versions(connection, late)
        now = clock(connection)
        closed = open_questions.give_up(connection, late, now)
        _record_silence(connection, closed, now)
        decide(connection, versions, now)
        return len(closed)


def _record_silence(connection: Connection, closed: Sequence[Record], now: int) -> None:
    rows, trail = [], []
    for question in closed:
        answer = Answer.FAILED if question.attempts else Answer.SILENT
        assessment = Assessment(agency=question.agency, answer=answer, lane=Lane.ORANGE, controls=(Control.DOCUMENTS,))
        rows.append({
            "version_id": question.version_id, "agency": question.agency, "answer": answer, "lane": assessment.lane,
            "body": msgspec.json.encode(assessment), "asked_at": question.asked_at,
            "dispatched_at": question.dispatched_at, "answered_at": now,
        })  # fmt: skip
        detail = {"attempts": question.attempts, **commitments.of_answer(rows[-1])}
        trail.append(events.Event(now, events.Kind.UNANSWERED, events.SYSTEM, question.version_id, detail))
    assessments.add_assessments(connection, rows)
    events.record(connection, trail)
    counters.add(connection, (counters.unanswered(row["agency"], row["answer"]) for row in rows))
