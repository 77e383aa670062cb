"""Assessing: a worker claims a batch, asks the agency's adapter, and writes the answers if the lease still holds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from adapters.contract import AdapterError, NotRetryable, Pending, Retryable, View, assess_each
from singlewindow.clearance.decide import decide
from singlewindow.clearance.window import Window
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.faultpoints import reach
from singlewindow.storage import answers, events, lodgements, questions
from singlewindow.storage.engines import clock
from singlewindow.storage.tables import Record
from singlewindow.times import MICROSECONDS


def assess_batch(window: Window, batch_id: int) -> int:
    """Work one batch off; how many questions were answered (0 where another worker has it, or the lease was lost)."""
    with window.engine.begin() as connection:
        batch = questions.claim(connection, batch_id, _lease(window, clock(connection)))
        asked = questions.of_batch(connection, batch_id) if batch else []
        contents = lodgements.contents(connection, [question.version_id for question in asked])
    if batch is None:
        return 0
    reach("after_claim")
    outcomes = assess_each(window.adapters[batch.agency], _views(window, batch.agency, asked, contents))
    results = {question.version_id: outcome for question, outcome in zip(asked, outcomes, strict=True)}
    reach("before_write")
    with window.engine.begin() as connection:
        taken = _write(window, connection, batch, results)
    reach("after_write")
    return taken


def _lease(window: Window, now: int) -> int:
    return now + int(window.settings.sw_lease_seconds * MICROSECONDS)


def _views(window: Window, agency: str, asked: Sequence[Record], contents: dict[int, Record]) -> list[View]:
    entitlement = window.agencies[agency].entitlement
    views = []
    for question in asked:
        content, items = contents[question.version_id], tuple(question.items.split())
        views.append(View(content.mrn, content.number, project(decode(content.canonical), entitlement, items), items))
    return views


def _write(window: Window, connection: Connection, batch: Record, results: dict[int, Assessment | AdapterError]) -> int:
    if not questions.close_batch(connection, batch.id):
        return 0
    given = {version_id: result for version_id, result in results.items() if isinstance(result, Assessment)}
    versions = lodgements.lock_versions(connection, given)
    now = clock(connection)
    taken = questions.answered(connection, batch.id, given)
    _record(connection, batch, taken, given, now)
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
        detail = {"agency": question.agency, "answer": assessment.answer, "profiles": assessment.profiles}
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
    wait = error.after if isinstance(error, Retryable) else 0.0
    final = isinstance(error, NotRetryable)
    attempts = 0 if final else window.settings.sw_attempts
    again = questions.Retry(version_id, now + int(wait * MICROSECONDS), str(error) or type(error).__name__, attempts)
    if questions.ask_again(connection, batch.id, again):
        detail = {"agency": batch.agency, "failure": again.failure}
        events.record(connection, [events.Event(now, events.Kind.PARKED, events.SYSTEM, version_id, detail)])
