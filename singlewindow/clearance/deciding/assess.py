"""Assessing: a worker claims batches, asks the agencies' adapters, and writes the answers if the leases still hold."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from adapters.contract import AdapterError, NotRetryable, Pending, Retryable, View, assess_each
from singlewindow import logs
from singlewindow.audit import commitments
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.deciding.late_answers import Given, compare
from singlewindow.clearance.deciding.lease import lease, renewed
from singlewindow.clearance.questions import question_id
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import project
from singlewindow.faultpoints import reach
from singlewindow.storage import assessments, declarations, events, open_questions
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.tables import Record
from singlewindow.times import MICROSECONDS, iso

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1.0)

Question = tuple[int, str]
"""A version id and an agency."""
Results = dict[Question, Assessment | AdapterError]


class _Work(NamedTuple):
    """What a worker has claimed: the batches by id, their questions, and the declarations asked about by version id."""

    batches: dict[int, Record]
    asked: dict[Question, Record]
    contents: dict[int, Record]

    def batch_of(self, question: Question) -> Record:
        """The batch that a question is in."""
        return self.batches[self.asked[question].batch_id]


def assess_batches(context: ClearanceContext, *batch_ids: int) -> int:
    """Work batches off together; how many questions were answered.

    Those that another worker has, or whose lease was lost, are left out. Together, because what is said to the database
    for several batches is said once, and a declaration that several agencies are asked about is read once.
    """
    work = _claim(context, batch_ids)
    if not work.batches:
        return 0
    reach("after_claim")
    with renewed(context, work.batches):
        results = _ask(context, work)
    reach("before_write")
    written = _written(context, work, results)
    reach("after_write")
    _log(work, results, written)
    return len(written)


def _claim(context: ClearanceContext, batch_ids: Sequence[int]) -> _Work:
    # One transaction: a claimed batch that is lost counts as a failed attempt, so what cannot be read is not claimed.
    with context.engine.begin() as connection:
        batches = open_questions.claim(connection, batch_ids, lease(context))
        asked = open_questions.of_batches(connection, batches) if batches else []
        contents = declarations.contents(connection, {question.version_id for question in asked}) if asked else {}
    return _Work(batches, {(question.version_id, question.agency): question for question in asked}, contents)


def _ask(context: ClearanceContext, work: _Work) -> Results:
    """Ask the agencies, one batch after the other."""
    results: Results = {}
    trees = {version_id: decode(content.canonical) for version_id, content in work.contents.items()}
    for batch in work.batches.values():
        agency = batch.agency
        mine = [question for question in work.asked.values() if question.batch_id == batch.id]
        views = [_view(context, question, work.contents[question.version_id], trees) for question in mine]
        with logs.about(batch=batch.id, agency=agency):
            outcomes = assess_each(context.adapters[agency], views)
        results |= {(each.version_id, agency): outcome for each, outcome in zip(mine, outcomes, strict=True)}
    return results


def _view(context: ClearanceContext, question: Record, content: Record, trees: dict[int, Tree]) -> View:
    items, entitlement = tuple(question.items.split()), context.agencies[question.agency].entitlement
    tree, terms = trees[question.version_id], context.books.terms(content.country)
    return View(
        reference=content.mrn, version=content.number, items=items, tree=project(tree, entitlement, items),
        terms=terms, question=question_id(question.version_id), deadline=iso(question.deadline_at) or "",
        trace_id=content.trace_id, after_release=terms.gone(tree),
    )  # fmt: skip


def _written(context: ClearanceContext, work: _Work, results: Results) -> set[Question]:
    """Write what was answered. A database that is away for a moment is no failure of the questions: it is tried again.

    Whatever became of a try whose end is not known, the batches' rows tell: they are there, or nothing may be written.
    """
    for pause in PAUSES:
        try:
            with context.engine.begin() as connection:
                return _write(context, connection, work, results)
        except (OperationalError, PoolTimeoutError) as error:
            log.warning("the answers could not be written, trying again: %s", type(error).__name__)
            time.sleep(pause)
    with context.engine.begin() as connection:
        return _write(context, connection, work, results)


def _log(work: _Work, results: Results, written: set[Question]) -> None:
    for question, result in results.items():
        content, batch = work.contents[question[0]], work.batch_of(question)
        with logs.about(batch=batch.id, agency=batch.agency, trace_id=content.trace_id, mrn=content.mrn):
            if isinstance(result, AdapterError):
                log.info("not answered: %s", type(result).__name__)
            elif question in written:
                log.info("answered")
            else:
                log.warning("the question was closed, or its lease lost: this answer does not count")


def _write(context: ClearanceContext, connection: Connection, work: _Work, results: Results) -> set[Question]:
    """Which questions are answered by this; none of those whose batch's lease was lost."""
    held = open_questions.close_batches(connection, work.batches)
    mine = {question: result for question, result in results.items() if work.asked[question].batch_id in held}
    if not mine:
        return set()
    # Also those that are asked again: who changes questions holds their versions, and so nobody waits in a ring.
    versions = declarations.lock_versions(connection, {version_id for version_id, _ in mine})
    now = clock(connection)
    for question, result in mine.items():
        if isinstance(result, AdapterError):
            _ask_again(context, connection, work.batch_of(question), (question[0], result), now)
    given = {question: result for question, result in mine.items() if isinstance(result, Assessment)}
    # What failed is out of its batch again: what is left in the batches are the questions that have an answer.
    taken = open_questions.answered(connection, held)
    _record(connection, work, {question: given[question] for question in taken}, now)
    # Answered or closed while it was asked: by the agency's own answer, or by its deadline.
    by_id = {version.version_id: version for version in versions}
    for version_id, agency in sorted(given.keys() - taken):
        compare(connection, Given(agency, by_id[version_id], given[version_id, agency], now))
    decide(connection, versions, now)
    return taken


def _record(connection: Connection, work: _Work, answered: dict[Question, Assessment], now: int) -> None:
    rows, trail = [], []
    for question, assessment in sorted(answered.items(), key=lambda entry: entry[0]):
        version_id, agency = question
        rows.append({
            "version_id": version_id, "agency": agency, "answer": assessment.answer, "lane": assessment.lane,
            "body": msgspec.json.encode(assessment), "asked_at": work.asked[question].asked_at,
            "dispatched_at": work.batch_of(question).created_at, "answered_at": now,
        })  # fmt: skip
        detail = {"profiles": assessment.profiles, **commitments.of_answer(rows[-1])}
        trail.append(events.Event(now, events.Kind.ASSESSED, f"agency:{agency}", version_id, detail))
    assessments.add_assessments(connection, rows)
    events.record(connection, trail)


def _ask_again(
    context: ClearanceContext, connection: Connection, batch: Record, failed: tuple[int, AdapterError], now: int
) -> None:
    version_id, error = failed
    if isinstance(error, Pending):
        open_questions.await_answer(connection, batch, version_id)
        return
    due_at, counts = now, True
    if isinstance(error, Retryable):
        due_at, counts = now + int(error.after * MICROSECONDS), error.counts
    attempts = 0 if isinstance(error, NotRetryable) else context.settings.sw_attempts
    again = open_questions.Retry(version_id, due_at, str(error) or type(error).__name__, attempts, counts)
    if open_questions.ask_again(connection, batch, again):
        detail = {"agency": batch.agency, "failure": again.failure}
        events.record(connection, [events.Event(now, events.Kind.PARKED, events.SYSTEM, version_id, detail)])
