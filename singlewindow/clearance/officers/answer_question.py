"""An officer's answer to a question: of the one who has taken it, and once, as every agency's answer."""

from __future__ import annotations

from singlewindow.access.keys import Caller
from singlewindow.agencies.question_names import read_question_name
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.late_answers import Contradiction, Given, Receipt
from singlewindow.clearance.deciding.respond import read_to_question, store_answer
from singlewindow.clearance.officers.hold import left_to_officers, need_hold
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.storage import declarations, open_questions
from singlewindow.storage.engine.connect import clock


def answer_question(
    context: ClearanceContext, officer: Caller, name: str, content: bytes
) -> Receipt | Contradiction | None:
    """Store an officer's answer; None if it is no question of this officer's agency.

    Raises `Refused` if it cannot be read, and NotHeld or HeldByAnother. The same answer again gets the same receipt.
    """
    named, agency = read_question_name(name), officer.agency or ""
    if named is None or agency not in context.agencies:
        return None
    assessment = read_to_question(context, named, agency, content)
    if assessment is None:
        return None
    with changing(context.engine) as connection:
        if not left_to_officers(context, connection, named, agency):
            return None
        (version,) = declarations.lock_versions(connection, [named.version_id])
        question = open_questions.find_question(connection, named.version_id, agency, named.round)
        if question is not None:
            need_hold(question, officer)
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        given = Given(agency, version, assessment, transaction.now, named.round, officer.key_id)
        return store_answer(transaction, given)
