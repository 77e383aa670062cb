"""The questions that an agency's officers answer, with only the elements that the law lets the agency see."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.question_names import Named, question_name
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.projection import project
from singlewindow.enquiries.documents import read_given
from singlewindow.enquiries.shapes import OpenQuestion, OpenQuestionPage, QueryShown, QuestionContent
from singlewindow.life_cycle.machine import State
from singlewindow.storage import declarations, open_questions, queries
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.queries import Query
from singlewindow.times import iso


def read_questions(engine: Engine, agency: Agency, after: int, limit: int) -> OpenQuestionPage:
    """The agency's open questions that officers answer, after a place in the list, at most `limit`."""
    with reading_as(engine, of_agency(agency.code)) as connection:
        found = open_questions.questions_of(connection, agency.code, after, limit, for_people=not agency.by_officers)
    return OpenQuestionPage([_shown(agency, each) for each in found], str(found[-1].version_id if found else after))


def read_question(engine: Engine, agency: Agency, named: Named) -> QuestionContent | None:
    """One open question; None if it is closed or was never asked, or no officer answers it."""
    with reading_as(engine, of_agency(agency.code)) as connection:
        question = open_questions.find_question(connection, named.version_id, agency.code, named.round)
        if question is None or not (is_for_officers(agency, question) or question.stuck or question.taken_by):
            return None
        given = read_given(connection, [question])
        versions = declarations.versions_of(connection, question.declaration_id)
        made = queries.queries_on(connection, versions, agency.code)
    return QuestionContent(
        question=_shown(agency, question),
        after_release=question.stored_state == State.UNDER_ASSESSMENT,
        view=project(decode_canonical(question.canonical), agency.entitlement, question.items),
        queries=[query_shown(each) for each in made],
        documents_answer=given.to(agency, question),
    )


def is_for_officers(agency: Agency, question: open_questions.OpenQuestion) -> bool:
    """Whether officers answer this question as a rule."""
    return agency.left_to_officers(with_documents=question.documents_answer_id is not None)


def _shown(agency: Agency, question: open_questions.OpenQuestion) -> OpenQuestion:
    return OpenQuestion(
        question=question_name(question.version_id, question.round),
        mrn=question.mrn,
        version=question.number,
        items=list(question.items),
        asked_at=iso(question.asked_at) or "",
        deadline=iso(question.deadline_at) or "",
        stuck=question.stuck and not is_for_officers(agency, question),
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
