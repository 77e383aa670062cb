"""What waits in the simulator's record, by the words in the references of its declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from singlewindow.storage.tables import declaration, inspection, open_question, request, version


class Waiting(NamedTuple):
    """A request or an inspection that waits, by its id, with the declaration's number and reference."""

    id: int
    mrn: str
    lrn: str


class AwaitedQuestion(NamedTuple):
    """A question that waits for an officer."""

    version_id: int
    agency: str
    round: int


def waiting_requests(connection: Connection, left_alone: str, limit: int) -> list[Waiting]:
    """Requests that wait for an officer, unless the reference has the word `left_alone`; oldest first."""
    query = select(request.c.id, declaration.c.mrn, declaration.c.lrn).join(
        declaration, declaration.c.id == request.c.declaration_id
    )
    waits = (request.c.answered_at.is_(None), ~_has(left_alone))
    return [Waiting(*row) for row in connection.execute(query.where(*waits).order_by(request.c.id).limit(limit))]


def open_inspections(connection: Connection, words: Iterable[str], limit: int) -> list[Waiting]:
    """Inspections that have not ended and whose reference has one of the words; oldest first."""
    query = (
        select(inspection.c.id, declaration.c.mrn, declaration.c.lrn)
        .join(version, version.c.id == inspection.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
    )
    waits = (inspection.c.ended_at.is_(None), or_(*map(_has, words)))
    return [Waiting(*row) for row in connection.execute(query.where(*waits).order_by(inspection.c.id).limit(limit))]


def awaited_questions(connection: Connection, limit: int) -> list[AwaitedQuestion]:
    """Questions that were put to officers, oldest first."""
    columns = (open_question.c[name] for name in AwaitedQuestion._fields)
    query = select(*columns).where(open_question.c.awaiting).order_by(open_question.c.asked_at).limit(limit)
    return [AwaitedQuestion(*row) for row in connection.execute(query)]


def end_deadlines(connection: Connection, now: int) -> None:
    """Let the deadlines of questions be over that were asked in vain."""
    parked = (open_question.c.parked, open_question.c.deadline_at > now)
    connection.execute(update(open_question).where(*parked).values(deadline_at=now - 1))


def end_terms(connection: Connection, word: str, states: Iterable[str], now: int) -> None:
    """Let the time of these states be over where the reference has the word."""
    of_word = select(declaration.c.id).where(_has(word))
    lasting = (version.c.due_at > now, version.c.state.in_(list(states)), version.c.declaration_id.in_(of_word))
    connection.execute(update(version).where(*lasting).values(state_until=now - 1, due_at=now - 1))


def _has(word: str) -> ColumnElement[bool]:
    return func.upper(declaration.c.lrn).contains(word, autoescape=True)
