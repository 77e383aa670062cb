"""Assessing: a worker claims batches, asks the agencies' adapters, and writes the answers if the leases still hold."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from adapters.contract import AdapterError, NotRetryable, Pending, Retryable, View, assess_each
from singlewindow import logs
from singlewindow.agencies.question_names import question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.close_questions import Closure, close_questions
from singlewindow.clearance.deciding.dispatch import parked_event
from singlewindow.clearance.deciding.late_answers import Given
from singlewindow.clearance.deciding.lease import lease_end, leases_renewed
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import project
from singlewindow.enquiries.documents import DocumentsGiven, read_given
from singlewindow.faultpoints import reach
from singlewindow.life_cycle.machine import State
from singlewindow.storage import batches, declarations
from singlewindow.storage.batches import Claim, Question, Unanswered
from singlewindow.storage.declarations import Content
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.open_questions import Taken
from singlewindow.storage.trail import events
from singlewindow.times import MICROSECONDS, iso

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1.0)

Key = tuple[int, str]
"""A version id and an agency: each agency has at most one open question on a version."""
Results = dict[Key, Assessment | AdapterError]


class _Work(NamedTuple):
    """What a worker has claimed: the batches by id, their questions, and the declarations by version id.

    `given` is what parties have given where documents were asked.
    """

    batches: dict[int, Claim]
    asked: dict[Key, Question]
    contents: dict[int, Content]
    given: DocumentsGiven

    def batch_of(self, key: Key) -> Claim:
        """The batch that a question is in."""
        return self.batches[self.asked[key].batch_id]

    def taken(self, key: Key) -> Taken:
        """A question that this work answers."""
        question = self.asked[key]
        return Taken(*key, question.round, question.asked_at, self.batch_of(key).created_at, question.attempts)


def assess_batches(context: ClearanceContext, *batch_ids: int) -> int:
    """Process batches together; returns how many questions were answered.

    Batches that another worker has, or whose lease was lost, are left out. Together they need fewer statements, and a
    declaration that concerns several agencies is read once.
    """
    work = _claim_work(context, batch_ids)
    if not work.batches:
        return 0
    reach("after_claim")
    with leases_renewed(context, work.batches):
        results = _ask_agencies(context, work)
    reach("before_write")
    written = _write_patiently(context, work, results)
    reach("after_write")
    _log_results(work, results, written)
    return len(written)


def _claim_work(context: ClearanceContext, batch_ids: Sequence[int]) -> _Work:
    # One transaction, so that nothing unreadable is claimed: losing a claimed batch counts as a failed attempt.
    with context.engine.begin() as connection:
        claimed = batches.claim_batches(connection, batch_ids, lease_end(context))
        asked = batches.questions_in(connection, claimed) if claimed else []
        contents = declarations.contents_of(connection, {question.version_id for question in asked}) if asked else {}
        given = read_given(connection, asked)
    return _Work(claimed, {(question.version_id, question.agency): question for question in asked}, contents, given)


def _ask_agencies(context: ClearanceContext, work: _Work) -> Results:
    """Ask the agencies, one batch after the other."""
    results: Results = {}
    trees = {version_id: decode_canonical(content.canonical) for version_id, content in work.contents.items()}
    for batch in work.batches.values():
        agency = batch.agency
        mine = [question for question in work.asked.values() if question.batch_id == batch.id]
        views = [_agency_view(context, question, work, trees) for question in mine]
        with logs.lines_about(batch=batch.id, agency=agency):
            outcomes = assess_each(context.adapters[agency], views)
        results |= {(each.version_id, agency): outcome for each, outcome in zip(mine, outcomes, strict=True)}
    return results


def _agency_view(context: ClearanceContext, question: Question, work: _Work, trees: dict[int, Tree]) -> View:
    items, agency, content = question.items, context.agencies[question.agency], work.contents[question.version_id]
    tree, terms = trees[question.version_id], context.terms(content.country)
    is_after_release = terms.is_after_release(tree) or content.stored_state == State.UNDER_ASSESSMENT
    return View(
        reference=content.mrn, version=content.number, items=items, tree=project(tree, agency.entitlement, items),
        terms=terms, question=question_name(question.version_id, question.round),
        deadline=iso(question.deadline_at) or "", trace_id=content.trace_id, after_release=is_after_release,
        given=work.given.to(agency, question),
    )  # fmt: skip


def _write_patiently(context: ClearanceContext, work: _Work, results: Results) -> set[Key]:
    """Write the answers; if the database is away for a moment, try again: that is not a failure of the questions.

    A try whose end is unknown does no harm: if it succeeded, the batches' rows are gone and nothing is written again.
    """
    for pause in PAUSES:
        try:
            with context.engine.begin() as connection:
                return _write_if_leased(context, connection, work, results)
        except (OperationalError, PoolTimeoutError) as error:
            log.warning("the answers could not be written, trying again: %s", type(error).__name__)
            time.sleep(pause)
    with context.engine.begin() as connection:
        return _write_if_leased(context, connection, work, results)


def _log_results(work: _Work, results: Results, written: set[Key]) -> None:
    for key, result in results.items():
        content, batch = work.contents[key[0]], work.batch_of(key)
        with logs.lines_about(batch=batch.id, agency=batch.agency, trace_id=content.trace_id, mrn=content.mrn):
            if isinstance(result, AdapterError):
                log.info("not answered: %s", type(result).__name__)
            elif key in written:
                log.info("answered")
            else:
                log.warning("the question was closed or its lease was lost, so this answer does not count")


def _write_if_leased(context: ClearanceContext, connection: Connection, work: _Work, results: Results) -> set[Key]:
    """The questions that this answers, without those whose batch has lost its lease."""
    held = batches.close_batches(connection, work.batches)
    mine = {key: result for key, result in results.items() if work.asked[key].batch_id in held}
    if not mine:
        return set()
    # Including those asked again: to avoid deadlocks, everybody who changes questions locks their versions first.
    versions = declarations.lock_versions(connection, {version_id for version_id, _ in mine})
    now = clock(connection)
    _return_failed(context, connection, work, mine, now)
    given = {key: result for key, result in mine.items() if isinstance(result, Assessment)}
    # Failed questions have left their batches: those that remain have an answer.
    taken = batches.take_answered(connection, held)
    closures = [Closure(work.taken(key), given[key]) for key in sorted(taken)]
    # Closed meanwhile: by the agency's own answer, by its deadline, or by a newer question.
    by_id = {version.version_id: version for version in versions}
    late = [
        Given(key[1], by_id[key[0]], given[key], now, work.asked[key].round) for key in sorted(given.keys() - taken)
    ]
    close_questions(Transaction(connection, context.rulebooks, now), versions, closures, late)
    return taken


def _return_failed(
    context: ClearanceContext, connection: Connection, work: _Work, results: Mapping[Key, Assessment | AdapterError],
    now: int,
) -> None:  # fmt: skip
    left = {key: _failed_question(context, work, key, result, now)
            for key, result in results.items() if isinstance(result, AdapterError)}  # fmt: skip
    returned = batches.return_unanswered(connection, list(left.values()))
    parked = [each for key, each in left.items() if each.parked and key in returned]
    trail = [parked_event(each.version_id, each.agency, each.failure, now) for each in parked]
    events.record(connection, trail)


def _failed_question(context: ClearanceContext, work: _Work, key: Key, error: AdapterError, now: int) -> Unanswered:
    """How a failed question continues: left to its agency, asked alone some time later, or parked."""
    question = work.asked[key]
    handed_over = work.batches[question.batch_id].created_at
    left = Unanswered(*key, question.batch_id, question.due_at, question.attempts, question.failure,
                      parked=False, awaiting=False, dispatched_at=handed_over)  # fmt: skip
    if isinstance(error, Pending):
        return left._replace(awaiting=True)
    left = left._replace(due_at=now, attempts=question.attempts + 1, failure=str(error) or type(error).__name__)
    if isinstance(error, Retryable):
        left = left._replace(due_at=now + int(error.after * MICROSECONDS))
        if not error.counts:
            left = left._replace(attempts=question.attempts, dispatched_at=question.dispatched_at)
    most = 0 if isinstance(error, NotRetryable) else context.settings.sw_attempts
    return left._replace(parked=left.attempts >= most)
