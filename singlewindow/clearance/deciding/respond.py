"""Responding: an agency sends its answer on its own, before, during or after we ask, once or several times.

The row of the open question decides: deleting it is giving the answer. Later answers are compared with that one and
never change it.
"""

from __future__ import annotations

from adapters.remote_answer import foreign_items, read_answer
from singlewindow.agencies.question_names import Named, read_question_name
from singlewindow.agencies.routing import Routing, items_of
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.close_questions import Closure, close_questions
from singlewindow.clearance.deciding.late_answers import Contradiction, Given, Receipt, receipt_for, reconcile
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.projection import project
from singlewindow.storage import declarations, open_questions
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.row_security import of_agency, reading_as


def respond(context: ClearanceContext, agency: str, question: str, content: bytes) -> Receipt | Contradiction | None:
    """Store an agency's answer, once; None if it was never asked this. Raises `Refused` if it cannot be read."""
    named = read_question_name(question)
    if named is None or not context.is_remote(agency):
        return None
    assessment = read_to_question(context, named, agency, content)
    if assessment is None:
        return None
    with changing(context.engine) as connection:
        (version,) = declarations.lock_versions(connection, [named.version_id])
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        return store_answer(transaction, Given(agency, version, assessment, transaction.now, named.round))


def read_to_question(context: ClearanceContext, named: Named, agency: str, content: bytes) -> Assessment | None:
    """The answer to a question; None if the agency was never asked this. Raises `Refused` if it cannot be read."""
    routing = _routing_of(context, named, agency)
    if routing is None:
        return None
    assessment = read_answer(content, agency, context.agencies[agency].fingerprint)
    _refuse_foreign_items(context, assessment, named.version_id, routing)
    return assessment


def _routing_of(context: ClearanceContext, named: Named, agency: str) -> list[Routing] | None:
    with reading_as(context.engine, of_agency(agency)) as connection:
        return declarations.routing_of(connection, named.version_id, agency, named.round)


def _refuse_foreign_items(
    context: ClearanceContext, assessment: Assessment, version_id: int, routing: list[Routing]
) -> None:
    if not any(finding.item for finding in assessment.findings):
        return
    with reading_as(context.engine, of_agency(assessment.agency)) as connection:
        content = declarations.contents_of(connection, [version_id])[version_id]
    items, entitlement = items_of(routing, assessment.agency), context.agencies[assessment.agency].entitlement
    foreign_items(assessment, project(decode_canonical(content.canonical), entitlement, items))


def store_answer(transaction: Transaction, given: Given) -> Receipt | Contradiction:
    """If the question is open, this is its answer, perhaps the last one that was missing."""
    question = open_questions.take_question(transaction.connection, given.version.version_id, given.agency, given.round)
    if question is None:
        return reconcile(transaction.connection, given)
    close_questions(transaction, [given.version], [Closure(question, given.assessment, given.officer)])
    return receipt_for(given, given.now, late=False)
