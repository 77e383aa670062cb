"""The operator has an agency asked again that has not answered. An answer that stands is never set aside here."""

from __future__ import annotations

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.ask_again import Round, open_round
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import Answer
from singlewindow.storage import assessments, declarations, open_questions
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.open_questions import NewQuestion, OpenQuestion
from singlewindow.storage.trail import events
from singlewindow.times import iso


class AnswerStands(Exception):  # noqa: N818 - an answer to the operator
    """The agency has answered."""

    def __init__(self, agency: str) -> None:
        super().__init__(
            f"{agency} has answered, and one person cannot set an answer aside. If goods are to be released against it,"
            " two officers override the result of the inspection (docs/inspections.md)"
        )


class AnswerUnderWay(Exception):  # noqa: N818 - an answer to the operator
    """An officer of the agency has the question."""

    def __init__(self, question: OpenQuestion) -> None:
        super().__init__(
            f"The officer with the key {question.taken_by} has had this question since {iso(question.taken_at)}."
            " Wait for the answer, or ask the officer to give it back"
        )


def ask_stuck(context: ClearanceContext, mrn: str, agency: str, reason: str) -> NewQuestion | None:
    """Ask an agency again about the newest version; None if there is no such declaration, or the agency has no part.

    What is open is replaced. Raises AnswerStands, AnswerUnderWay and NotPossible, LookupError if the agency cannot be
    asked, and ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Say why with --reason")
    if agency not in context.agencies:
        raise LookupError(f"The configuration has no agency {agency}")
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, None)
        if version is None:
            return None
        closed = assessments.newest_answers(connection, version.version_id).get(agency)
        standing = open_questions.open_question_to(connection, version.version_id, agency)
        if standing is None and closed is None:
            return None
        if standing is None and closed is not None and closed.answer == Answer.ASSESSED:
            raise AnswerStands(agency)
        if standing is not None and standing.taken_by is not None:
            raise AnswerUnderWay(standing)
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        (question,) = open_round(context, transaction, version, Round([agency], events.OPERATOR, reason))
        return question
