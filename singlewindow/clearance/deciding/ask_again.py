"""Asking again: agencies get a further round of questions on a version, which is undecided until they have answered.

Rounds are counted for each agency: one that was not asked before gets its first. A question that is still open is
closed without an answer, because the new one replaces it. Earlier answers and decisions stay in the record.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import items_of
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import asked_entry
from singlewindow.clearance.deciding.close_questions import unanswered_closure, write_answers
from singlewindow.clearance.inspecting.supersede import reopen
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import Answer
from singlewindow.life_cycle.machine import Step
from singlewindow.storage import assessments, declarations, open_questions, streams
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.open_questions import NewQuestion
from singlewindow.storage.trail import events
from singlewindow.times import MICROSECONDS


@dataclass(frozen=True)
class Round:
    """Which agencies are asked again, who orders it (as the event trail names them), and why.

    `step` is what it means for the declaration, `documents_answer_id` the party's answer that the questions carry.
    """

    agencies: Collection[str]
    actor: str
    reason: str
    step: Step = Step.ASKED_AGAIN
    documents_answer_id: int | None = None


def ask_again(context: ClearanceContext, version_id: int, again: Round) -> list[NewQuestion]:
    """Open the next round of questions on a version; raises LookupError or NotPossible."""
    with changing(context.engine) as connection:
        locked = declarations.lock_versions(connection, [version_id])
        if not locked:
            raise LookupError(f"There is no version {version_id}")
        if not declarations.is_newest(connection, locked[0]):
            raise LookupError(f"Version {version_id} has been replaced by a newer one")
        if not again.agencies or not context.agencies.keys() >= {*again.agencies}:
            raise LookupError(f"These agencies cannot be asked: {', '.join(again.agencies) or 'none was named'}")
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        return open_round(context, transaction, locked[0], again)


def new_question(
    agency: Agency, version_id: int, items: tuple[str, ...], now: int, asked_round: int = 1
) -> NewQuestion:
    """A question that is asked at once; the agency's deadline runs from now."""
    deadline = now + int(agency.deadline_seconds * MICROSECONDS)
    return NewQuestion(version_id, agency.code, items, now, deadline, asked_round)


def open_round(
    context: ClearanceContext, transaction: Transaction, version: LockedVersion, again: Round
) -> list[NewQuestion]:
    """Open the next round on a (locked) newest version, last in its transaction; raises NotPossible."""
    connection, now, version_id, routing = transaction.connection, transaction.now, version.version_id, version.routing
    move = transaction.move(version, again.step)
    replaced = open_questions.take_replaced(connection, version_id, again.agencies)
    write_answers(transaction, [unanswered_closure(each, Answer.REPLACED) for each in replaced])
    last = assessments.last_rounds(connection, version_id)
    questions = [
        new_question(context.agencies[code], version_id, items_of(routing, code), now, last.get(code, 0) + 1)
        for code in sorted({*again.agencies})
    ]
    if again.documents_answer_id is not None:
        questions = [_carrying(context, each, again.documents_answer_id) for each in questions]
    open_questions.add_questions(connection, questions)
    if version.decided_at is not None:
        reopen(transaction, version, move)
    detail = {"rounds": {each.agency: each.round for each in questions}, "reason": again.reason}
    events.record(connection, [events.Event(now, events.Kind.ASKED_AGAIN, again.actor, version_id, detail)])
    streams.publish(connection, [], map(asked_entry, questions))
    return questions


def _carrying(context: ClearanceContext, question: NewQuestion, answer_id: int) -> NewQuestion:
    """The question with what the party has answered, and the time to read it."""
    deadline = question.asked_at + int(context.agencies[question.agency].reading_seconds * MICROSECONDS)
    return question._replace(documents_answer_id=answer_id, deadline_at=deadline)
