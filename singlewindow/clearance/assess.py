"""Assessing: a worker claims a batch, asks the agency's adapter, and writes the answers if the lease still holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from adapters.contract import AdapterError, NotRetryable, Pending, Retryable, View, assess_each
from singlewindow import logs
from singlewindow.audit import commitments
from singlewindow.clearance.closed import Given, compare
from singlewindow.clearance.decide import decide
from singlewindow.clearance.lease import lease_until, renewed
from singlewindow.clearance.questions import question_id
from singlewindow.clearance.window import Window
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.faultpoints import reach
from singlewindow.storage import answers, events, lodgements, questions
from singlewindow.storage.engines import clock
from singlewindow.storage.tables import Record
from singlewindow.times import MICROSECONDS, iso

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1.0)


def assess_batch(window: Window, batch_id: int) -> int:
    """Work one batch off; how many questions were answered (0 where another worker has it, or the lease was lost)."""
    with window.engine.begin() as connection:
        batch = questions.claim(connection, batch_id, lease_until(window, clock(connection)))
        asked = questions.of_batch(connection, batch_id) if batch else []
        contents = lodgements.contents(connection, [question.version_id for question in asked])
    if batch is None:
        return 0
    reach("after_claim")
    with logs.about(batch=batch.id, agency=batch.agency):
        with renewed(window, batch.id):
            outcomes = assess_each(window.adapters[batch.agency], _views(window, batch.agency, asked, contents))
        results = {question.version_id: outcome for question, outcome in zip(asked, outcomes, strict=True)}
        reach("before_write")
        written = _written(window, batch, results)
        reach("after_write")
        _log(contents, results, written)
    return written or 0


def _written(window: Window, batch: Record, results: dict[int, Assessment | AdapterError]) -> int | None:
    """Write what was answered. A database that is away for a moment is no failure of the questions: it is tried again.

    Whatever became of a try whose end is not known, the batch's row tells: it is there, or nothing may be written.
    """
    for pause in PAUSES:
        try:
            with window.engine.begin() as connection:
                return _write(window, connection, batch, results)
        except (OperationalError, PoolTimeoutError) as error:
            log.warning("the answers could not be written, trying again: %s", type(error).__name__)
            time.sleep(pause)
    with window.engine.begin() as connection:
        return _write(window, connection, batch, results)


def _log(contents: dict[int, Record], results: dict[int, Assessment | AdapterError], written: int | None) -> None:
    if written is None:
        log.warning("the lease was lost: nothing is written, the questions are asked again")
        return
    for version_id, result in results.items():
        with logs.about(trace_id=contents[version_id].trace_id, mrn=contents[version_id].mrn):
            log.info("answered" if isinstance(result, Assessment) else f"not answered: {type(result).__name__}")


def _views(window: Window, agency: str, asked: Sequence[Record], contents: dict[int, Record]) -> list[View]:
    entitlement = window.agencies[agency].entitlement
    views = []
    for question in asked:
        content, items = contents[question.version_id], tuple(question.items.split())
        view = View(
            reference=content.mrn, version=content.number, items=items,
            tree=project(decode(content.canonical), entitlement, items),
            question=question_id(question.version_id), deadline=iso(question.deadline_at) or "",
            trace_id=content.trace_id,
        )  # fmt: skip
        views.append(view)
    return views


def _write(
    window: Window, connection: Connection, batch: Record, results: dict[int, Assessment | AdapterError]
) -> int | None:
    """How many questions are answered; None where the lease was lost."""
    if not questions.close_batch(connection, batch.id):
        return None
    given = {version_id: result for version_id, result in results.items() if isinstance(result, Assessment)}
    # Also those that are asked again: who changes questions holds their versions, and so nobody waits in a ring.
    versions = lodgements.lock_versions(connection, results)
    now = clock(connection)
    taken = questions.answered(connection, batch.id, given)
    _record(connection, batch, taken, given, now)
    # Answered or closed while it was asked: by the agency's own answer, or by its deadline.
    overtaken = given.keys() - {question.version_id for question in taken}
    for version in versions:
        if version.version_id in overtaken:
            compare(connection, Given(batch.agency, version, given[version.version_id], now))
    for version_id, result in results.items():
        if isinstance(result, AdapterError):
            _ask_again(window, connection, batch, (version_id, result), now)
    decide(connection, versions, now)
    return len(taken)


def _record(
    connection: Connection, batch: Record, taken: Sequence[Record], given: dict[int, Assessment], now: int
) -> None:
    rows, trail = [], []
    for question in taken:
        assessment = given[question.version_id]
        rows.append({
            "version_id": question.version_id, "agency": question.agency, "answer": assessment.answer,
            "lane": assessment.lane, "body": msgspec.json.encode(assessment), "asked_at": question.asked_at,
            "dispatched_at": batch.created_at, "answered_at": now,
        })  # fmt: skip
        detail = {"profiles": assessment.profiles, **commitments.of_answer(rows[-1])}
        actor = f"agency:{question.agency}"
        trail.append(events.Event(now, events.Kind.ASSESSED, actor, question.version_id, detail))
    answers.add_assessments(connection, rows)
    events.record(connection, trail)


def _ask_again(
    window: Window, connection: Connection, batch: Record, failed: tuple[int, AdapterError], now: int
) -> None:
    version_id, error = failed
    if isinstance(error, Pending):
        questions.await_answer(connection, batch.id, version_id)
        return
    due_at, counts = now, True
    if isinstance(error, Retryable):
        due_at, counts = now + int(error.after * MICROSECONDS), error.counts
    attempts = 0 if isinstance(error, NotRetryable) else window.settings.sw_attempts
    again = questions.Retry(version_id, due_at, str(error) or type(error).__name__, attempts, counts)
    if questions.ask_again(connection, batch.id, again):
        detail = {"agency": batch.agency, "failure": again.failure}
        events.record(connection, [events.Event(now, events.Kind.PARKED, events.SYSTEM, version_id, detail)])
