"""An officer asks the party something, in a notice with a last moment for the answer, which goes back to the officers.

The party does not learn which agency asks. The question's own deadline stays: a query prolongs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import NO_DECISION, detailed, new_notice
from singlewindow.clearance.news import News, publish
from singlewindow.clearance.officers.hold import LockedQuestion, lock_question, need_hold
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.milestones import Unlikely
from singlewindow.life_cycle.news import DOCUMENTS, Detail
from singlewindow.storage import declarations, open_questions, queries
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.queries import Query
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import iso


@dataclass(frozen=True)
class Queried:
    """A query as stored; `replayed` if it was made before."""

    query: Query
    replayed: bool = False


@dataclass(frozen=True)
class Explained:
    """The party's answer to a query about a declaration, as stored; `replayed` if it was given before."""

    mrn: str
    query: Query
    replayed: bool = False


class QueryClosed(Exception):  # noqa: N818 - an answer to the party
    """The query has another answer, or nobody waits for one."""


def query_party(
    context: ClearanceContext, officer: Caller, name: str, words: str, answer_by: int | None = None
) -> Queried | None:
    """Ask the party; None if it is no question of this officer's agency.

    `answer_by` is a moment before the question's deadline, which holds without one; raises Unlikely for another, and
    NotHeld, HeldByAnother or QuestionClosed. What was asked and is unanswered is not asked again.
    """
    with changing(context.engine) as connection:
        locked = lock_question(context, connection, officer, name)
        if locked is None:
            return None
        need_hold(locked.question, officer)
        _check_limit(locked, answer_by)
        earlier = _unanswered(connection, locked, words)
        return Queried(earlier, replayed=True) if earlier else Queried(_ask(locked, officer, words, answer_by))


def _check_limit(locked: LockedQuestion, answer_by: int | None) -> None:
    last = locked.question.deadline_at
    if answer_by is not None and not locked.transaction.now < answer_by <= last:
        raise Unlikely(f"The answer must be due after now and not after {iso(last)}, the question's deadline.")


def _unanswered(connection: Connection, locked: LockedQuestion, words: str) -> Query | None:
    question = locked.question
    known = queries.queries_on(connection, [question.version_id], question.agency)
    same = (each for each in known if (each.round, each.words, each.answer) == (question.round, words, None))
    return next(same, None)


def _ask(locked: LockedQuestion, officer: Caller, words: str, answer_by: int | None) -> Query:
    transaction, version, question = locked
    limit = question.deadline_at if answer_by is None else answer_by
    notice = new_notice(version.party, version.version_id, DOCUMENTS, transaction.now)._replace(
        decision_number=NO_DECISION
    )
    query = Query(notice.reference, version.version_id, question.agency, question.round, officer.key_id, words,
                  transaction.now, limit)  # fmt: skip
    queries.add_query(transaction.connection, query)
    event = locked.event(events.Kind.QUERIED, officer, query=query.reference, words=words)
    publish(transaction, [News((event,), (detailed(notice, Detail(words=words, limit=limit)),))])
    return query


def explain(context: ClearanceContext, party: Caller, mrn: str, reference: str, words: str) -> Explained | None:
    """Answer a query, once; None if there is none of this reference about a declaration of the caller's party.

    Raises QueryClosed. The same answer again gets the same receipt.
    """
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, party.party)
        query = queries.find_query(connection, reference) if version is not None else None
        if version is None or query is None or not _is_about(connection, query, version):
            return None
        if query.answer == words:
            return Explained(mrn, query, replayed=True)
        if query.answer is not None:
            raise QueryClosed("You have given another answer, which the officer reads.")
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        _need_open(transaction, query)
        queries.answer_query(connection, reference, words, transaction.now)
        detail = {"query": reference, "words": words}
        publish(
            transaction, [News((Event(transaction.now, events.Kind.EXPLAINED, party.actor, query.version_id, detail),))]
        )
        return Explained(mrn, query._replace(answer=words, answered_at=transaction.now))


def _is_about(connection: Connection, query: Query, newest: LockedVersion) -> bool:
    return query.version_id in declarations.versions_of(connection, newest.declaration_id)


def _need_open(transaction: Transaction, query: Query) -> None:
    question = open_questions.find_question(transaction.connection, query.version_id, query.agency, query.round)
    if question is None or query.answer_by < transaction.now:
        raise QueryClosed("Nobody waits for this answer any more. The declaration's state says how it goes on.")
