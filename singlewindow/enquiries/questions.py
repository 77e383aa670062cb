"""The questions that an agency's officers answer, with only the elements that the law lets the agency see."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.question_names import Named, question_name
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.projection import project
from singlewindow.enquiries.shapes import OpenQuestion, OpenQuestionPage, QueryShown, QuestionContent
from singlewindow.life_cycle.machine import State
from singlewindow.storage import declarations, open_questions, queries
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.queries import Query
from singlewindow.times import iso


def read_questions(engine: Engine, agency: Agency, after: int, limit: int) -> OpenQuestionPage:
    """The agency's open questions after a place in the list, at most `limit`; none if no officers answer for it."""
    found: list[open_questions.OpenQuestion] = []
    if agency.by_officers:
        with reading_as(engine, of_agency(agency.code)) as connection:
            found = open_questions.questions_of(connection, agency.code, after, limit)
    return OpenQuestionPage([_shown(each) for each in found], str(found[-1].version_id if found else after))


def read_question(engine: Engine, agency: Agency, named: Named) -> QuestionContent | None:
    """One open question; None if it is closed or was never asked, or no officers answer for the agency."""
    if not agency.by_officers:
        return None
    with reading_as(engine, of_agency(agency.code)) as connection:
        question = open_questions.find_question(connection, named.version_id, agency.code, named.round)
        if question is None:
            return None
        versions = declarations.versions_of(connection, question.declaration_id)
        made = queries.queries_on(connection, versions, agency.code)
    return QuestionContent(
        question=_shown(question),
        after_release=question.stored_state == State.UNDER_ASSESSMENT,
        view=project(decode_canonical(question.canonical), agency.entitlement, question.items),
        queries=[query_shown(each) for each in made],
    )


def _shown(question: open_questions.OpenQuestion) -> OpenQuestion:
    return OpenQuestion(
        question=question_name(question.version_id, question.round),
        mrn=question.mrn,
        version=question.number,
        items=list(question.items),
        asked_at=iso(question.asked_at) or "",
        deadline=iso(question.deadline_at) or "",
        taken_by=question.taken_by,
        taken_at=iso(question.taken_at),
    )


def query_shown(query: Query) -> QueryShown:
    """A query as its agency's officers see it."""
    return QueryShown(
        query=query.reference,
        words=query.words,
        asked_at=iso(query.asked_at) or "",
        answer_by=iso(query.answer_by) or "",
        answer=query.answer,
        answered_at=iso(query.answered_at),
    )
