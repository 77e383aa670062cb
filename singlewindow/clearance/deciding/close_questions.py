"""Closing questions: the one place where open questions become answers, and the last answer leads to the decision.

Called inside a transaction that holds the versions and has taken the questions out. If somebody else has closed the
question meanwhile, the answer is late: it is kept and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from singlewindow.audit import commitments
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.deciding.late_answers import Given, reconcile
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import Answer, Assessment, Control, Lane
from singlewindow.storage import assessments, counters
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.open_questions import Taken
from singlewindow.storage.trail import events

COUNTED = frozenset({Answer.SILENT, Answer.FAILED})


class Closure(NamedTuple):
    """A question that was taken out, and the answer that closes it; `officer` is the key of who gave it, if known."""

    question: Taken
    assessment: Assessment
    officer: str = ""


def unanswered_closure(question: Taken, answer: Answer) -> Closure:
    """The answer that closes a question its agency has not answered: check the documents."""
    documents = (Control.DOCUMENTS,)
    return Closure(question, Assessment(agency=question.agency, answer=answer, lane=Lane.ORANGE, controls=documents))


def close_questions(
    transaction: Transaction, versions: Sequence[LockedVersion], closures: Sequence[Closure], late: Sequence[Given] = ()
) -> None:
    """Write answers to questions, reconcile late ones, and decide the versions that are now complete."""
    write_answers(transaction, closures)
    for given in late:
        reconcile(transaction.connection, given)
    decide(transaction, versions)


def write_answers(transaction: Transaction, closures: Sequence[Closure]) -> None:
    """Write answers to questions, each with its event, and count those without an agency's answer."""
    rows = [_closed_row(closure, transaction.now) for closure in closures]
    assessments.add_assessments(transaction.connection, rows)
    events.record(transaction.connection, map(_closing_event, closures, rows))
    silent = (row for row in rows if row.answer in COUNTED)
    counters.add_counts(transaction.connection, (counters.unanswered_total(row.agency, row.answer) for row in silent))


def _closed_row(closure: Closure, now: int) -> ClosedQuestion:
    question, assessment, _ = closure
    return ClosedQuestion(
        version_id=question.version_id,
        agency=question.agency,
        round=question.round,
        answer=assessment.answer,
        lane=assessment.lane,
        body=msgspec.json.encode(assessment),
        asked_at=question.asked_at,
        dispatched_at=question.dispatched_at,
        answered_at=now,
    )


def _closing_event(closure: Closure, row: ClosedQuestion) -> events.Event:
    question, assessment, officer = closure
    told = commitments.of_answer(row._asdict()) | ({"officer": officer} if officer else {})
    if assessment.answer is Answer.ASSESSED:
        detail, kind, actor = {"profiles": assessment.profiles, **told}, events.Kind.ASSESSED, f"agency:{row.agency}"
    else:
        detail, kind, actor = {"attempts": question.attempts, **told}, events.Kind.UNANSWERED, events.SYSTEM
    return events.Event(row.answered_at, kind, actor, row.version_id, detail)
