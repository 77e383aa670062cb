"""Taking a question and giving it back: at most one officer has it, and only this officer works on it.

Whether it is taken or not, its deadline closes it like any other.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.agencies.question_names import Named, read_question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.enquiries.worklists.questions import is_for_officers
from singlewindow.storage import assessments, declarations, open_questions
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.documents import answers
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.open_questions import OpenQuestion
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import iso


class QuestionClosed(Exception):  # noqa: N818 - an answer to the officer
    """The question has been answered, or its deadline has passed, or it is asked no more."""

    def __init__(self, answer: str, at: int) -> None:
        super().__init__(f"This question was closed at {iso(at)} ({answer}). Nothing can be done about it any more.")


class HeldByAnother(Exception):  # noqa: N818 - an answer to the officer
    """Another officer has the question."""

    def __init__(self, question: OpenQuestion) -> None:
        super().__init__(
            f"The officer with the key {question.taken_by} has had this question since {iso(question.taken_at)}."
            " Ask that officer to give it back."
        )


class ReasonMissing(ValueError):  # noqa: N818 - an answer to the officer
    """The question is answered by hand, and nobody has said why."""

    def __init__(self) -> None:
        super().__init__("No officer answers this question as a rule. Say in `reason` why you do so by hand.")


class NotHeld(Exception):  # noqa: N818 - an answer to the officer
    """Nobody has the question."""

    def __init__(self) -> None:
        super().__init__("Nobody has taken this question. Take it first, so that nobody else works on it meanwhile.")


class LockedQuestion(NamedTuple):
    """An open question and its version, which nobody else changes meanwhile."""

    transaction: Transaction
    version: LockedVersion
    question: OpenQuestion

    def event(self, kind: events.Kind, officer: Caller, **more: object) -> Event:
        """An event of an officer's about this question."""
        question = self.question
        detail = {"agency": question.agency, "round": question.round, "officer": officer.key_id, **more}
        return Event(self.transaction.now, kind, officer.actor, question.version_id, detail)


class Hold(NamedTuple):
    """Who has a question, and since when (microseconds); `replayed` if nothing has changed."""

    officer: str | None
    since: int | None
    replayed: bool = False


def take(context: ClearanceContext, officer: Caller, name: str, reason: str = "") -> Hold | None:
    """Take a question, once; None if it is none of this officer's agency. Raises HeldByAnother or QuestionClosed.

    A question that no officer answers as a rule can be taken while it is stuck, for a `reason`; raises ReasonMissing.
    """
    with changing(context.engine) as connection:
        locked = lock_question(context, connection, officer, name, also_stuck=True)
        if locked is None:
            return None
        question = locked.question
        if not is_for_officers(context.agencies[question.agency], question) and not reason.strip():
            raise ReasonMissing
        if question.taken_by is not None:
            refuse_others(question, officer)
            return Hold(question.taken_by, question.taken_at, replayed=True)
        open_questions.set_taker(connection, question, officer.key_id, locked.transaction.now)
        why = {"reason": reason} if reason.strip() else {}
        publish(locked.transaction, [News((locked.event(events.Kind.TAKEN, officer, **why),))])
        return Hold(officer.key_id, locked.transaction.now)


def give_back(context: ClearanceContext, officer: Caller, name: str) -> Hold | None:
    """Give a question back, so that others can take it; None if it is none of this officer's agency.

    Raises HeldByAnother if another officer has it, and QuestionClosed.
    """
    with changing(context.engine) as connection:
        locked = lock_question(context, connection, officer, name)
        if locked is None:
            return None
        if locked.question.taken_by is None:
            return Hold(None, None, replayed=True)
        refuse_others(locked.question, officer)
        open_questions.set_taker(connection, locked.question, None, locked.transaction.now)
        publish(locked.transaction, [News((locked.event(events.Kind.GIVEN_BACK, officer),))])
        return Hold(None, None)


def lock_question(
    context: ClearanceContext, connection: Connection, officer: Caller, name: str, *, also_stuck: bool = False
) -> LockedQuestion | None:
    """Lock the version that a question is about, as everybody does who closes questions.

    None if the officer's agency was never asked this, or no officer answers it; with `also_stuck`, one may who takes it
    while it is stuck. Raises QuestionClosed.
    """
    named, agency = read_question_name(name), officer.agency or ""
    if named is None:
        return None
    versions = declarations.lock_versions(connection, [named.version_id])
    question = open_questions.find_question(connection, named.version_id, agency, named.round) if versions else None
    by_hand = also_stuck and question is not None and question.stuck
    if not by_hand and not left_to_officers(context, connection, named, agency):
        return None
    if question is not None:
        return LockedQuestion(Transaction(connection, context.rulebooks, clock(connection)), versions[0], question)
    closed = assessments.find_assessment(connection, named.version_id, agency, named.round)
    if closed is None:
        return None
    raise QuestionClosed(closed.answer, closed.answered_at)


def left_to_officers(context: ClearanceContext, connection: Connection, named: Named, agency: str) -> bool:
    """Whether an officer answers this question, or did if it is closed: as a rule, or because one has taken it."""
    configured = context.agencies.get(agency)
    if configured is None:
        return False
    carries = answers.carries_answer(connection, named.version_id, agency, named.round)
    return configured.left_to_officers(with_documents=carries) or _was_taken(connection, named, agency)


def _was_taken(connection: Connection, named: Named, agency: str) -> bool:
    taken = (
        (event.detail.get("agency"), event.detail.get("round"))
        for event in events.of_subject(connection, named.version_id)
        if event.kind is events.Kind.TAKEN
    )
    return (agency, named.round) in taken


def need_hold(question: OpenQuestion, officer: Caller) -> None:
    """Raises NotHeld or HeldByAnother unless this officer has the question."""
    if question.taken_by is None:
        raise NotHeld
    refuse_others(question, officer)


def refuse_others(question: OpenQuestion, officer: Caller) -> None:
    """Raises HeldByAnother if another officer has the question."""
    if question.taken_by != officer.key_id:
        raise HeldByAnother(question)
