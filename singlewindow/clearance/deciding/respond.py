"""Responding: an agency sends its answer by itself, before, during or after our own asking, once or several times.

The open question's row decides: whoever deletes it gives the answer. Whatever comes after is compared with what stands,
and never changes it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from adapters.remote_answer import foreign_items, read_answer
from singlewindow.audit import commitments
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.decide import asked_agencies, decide
from singlewindow.clearance.deciding.late_answers import Contradiction, Given, Receipt, compare, receipt
from singlewindow.clearance.questions import version_of
from singlewindow.decisions.assessment import Assessment
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.enquiries.timeline import items_of
from singlewindow.storage import assessments, declarations, events, open_questions
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.tables import Record


def respond(context: ClearanceContext, agency: str, question: str, content: bytes) -> Receipt | Contradiction | None:
    """Store an agency's answer, once; None where it was never asked that. Raises `Refused` where it cannot be read."""
    version_id = version_of(question)
    routing = _routing_of(context, version_id, agency) if version_id is not None and context.is_remote(agency) else None
    if version_id is None or routing is None or agency not in asked_agencies(routing):
        return None
    assessment = read_answer(content, agency, context.agencies[agency].fingerprint)
    _refuse_foreign_items(context, assessment, version_id, routing)
    with context.engine.begin() as connection:
        (version,) = declarations.lock_versions(connection, [version_id])
        given = Given(agency, version, assessment, clock(connection))
        open_question = open_questions.take(connection, version_id, agency)
        if open_question is not None:
            return _answer(connection, given, open_question)
        return compare(connection, given)


def _routing_of(context: ClearanceContext, version_id: int, agency: str) -> bytes | None:
    with reading_as(context.engine, of_agency(agency)) as connection:
        return declarations.routing_of(connection, version_id, agency)


def _refuse_foreign_items(context: ClearanceContext, assessment: Assessment, version_id: int, routing: bytes) -> None:
    if not any(finding.item for finding in assessment.findings):
        return
    with reading_as(context.engine, of_agency(assessment.agency)) as connection:
        content = declarations.contents(connection, [version_id])[version_id]
    items = items_of(routing, assessment.agency)
    foreign_items(
        assessment, project(decode(content.canonical), context.agencies[assessment.agency].entitlement, items)
    )


def _answer(connection: Connection, given: Given, question: Record) -> Receipt:
    """The question was open: this is its answer, and it may be the last one that was missing."""
    assessment = given.assessment
    row = {
        "version_id": given.version.version_id, "agency": given.agency, "answer": assessment.answer,
        "lane": assessment.lane, "body": given.body, "asked_at": question.asked_at,
        "dispatched_at": question.dispatched_at, "answered_at": given.now,
    }  # fmt: skip
    assessments.add_assessments(connection, [row])
    told = commitments.of_answer(row) | {"profiles": assessment.profiles}
    events.record(connection, [given.event(events.Kind.ASSESSED, **told)])
    decide(connection, [given.version], given.now)
    return receipt(given, given.now, late=False)
