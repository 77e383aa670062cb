"""Open questions to agencies: takes out answered and overdue ones, and asks parked ones again.

Questions that officers answer are also listed, and keep which officer has taken them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, delete, func, or_, select, update

from singlewindow.storage.engine.bulk import insert_rows, is_among
from singlewindow.storage.tables import batch, declaration, open_question, version

_CLAIMED = (
    select(batch.c.created_at)
    .where(batch.c.id == open_question.c.batch_id, batch.c.claimed)
    .correlate(open_question)
    .scalar_subquery()
)
_DISPATCHED = func.coalesce(_CLAIMED, open_question.c.dispatched_at).label("dispatched_at")
"""When an open question was last put into a batch that a worker claimed."""


class NewQuestion(NamedTuple):
    """A question to be asked from `asked_at` on; `items` are SequenceNumeric values, none for the whole declaration.

    `round` counts how often this agency was asked about this version, from 1. `documents_answer_id` is the party's
    answer that it carries, if documents were asked before.
    """

    version_id: int
    agency: str
    items: tuple[str, ...]
    asked_at: int
    deadline_at: int
    round: int = 1
    documents_answer_id: int | None = None

    def row(self) -> dict[str, Any]:
        """The question as stored."""
        stored = self._asdict() | {"items": " ".join(self.items), "due_at": self.asked_at}
        if self.documents_answer_id is None:
            del stored["documents_answer_id"]
        return stored


class Taken(NamedTuple):
    """A question that is no longer open; `dispatched_at` is when its agency last got it, None if never."""

    version_id: int
    agency: str
    round: int
    asked_at: int
    dispatched_at: int | None
    attempts: int = 0


_TAKEN = (
    open_question.c.version_id, open_question.c.agency, open_question.c.round, open_question.c.asked_at, _DISPATCHED,
    open_question.c.attempts,
)  # fmt: skip


def add_questions(connection: Connection, questions: Iterable[NewQuestion]) -> None:
    """Open questions; a second one to the same agency on the same version would break the primary key."""
    insert_rows(connection, open_question, [question.row() for question in questions])


def take_question(connection: Connection, version_id: int, agency: str, asked_round: int) -> Taken | None:
    """Take out one question that its agency has answered on its own; None if it is not open."""
    mine = and_(
        open_question.c.version_id == version_id,
        open_question.c.agency == agency,
        open_question.c.round == asked_round,
    )
    row = connection.execute(delete(open_question).where(mine).returning(*_TAKEN)).first()
    return None if row is None else Taken(*row)


def take_all(connection: Connection, version_id: int) -> list[Taken]:
    """Take out all open questions on a (locked) version: no answer is needed any more."""
    mine = open_question.c.version_id == version_id
    return [Taken(*row) for row in connection.execute(delete(open_question).where(mine).returning(*_TAKEN))]


def take_replaced(connection: Connection, version_id: int, agencies: Iterable[str]) -> list[Taken]:
    """Take out the open questions to these agencies on a (locked) version; new ones will replace them."""
    mine = and_(open_question.c.version_id == version_id, open_question.c.agency.in_(list(agencies)))
    return [Taken(*row) for row in connection.execute(delete(open_question).where(mine).returning(*_TAKEN))]


def find_overdue(connection: Connection, now: int, limit: int) -> list[int]:
    """Versions with a question whose deadline has passed."""
    query = select(open_question.c.version_id).where(open_question.c.deadline_at < now).distinct().limit(limit)
    return list(connection.execute(query).scalars())


def take_overdue(connection: Connection, version_ids: Iterable[int], now: int) -> list[Taken]:
    """Take out the questions on these (locked) versions whose deadline has passed."""
    late = and_(is_among(connection, open_question.c.version_id, version_ids), open_question.c.deadline_at < now)
    return [Taken(*row) for row in connection.execute(delete(open_question).where(late).returning(*_TAKEN))]


class Parked(NamedTuple):
    """A question that was parked: how often it was tried, and the last failure."""

    version_id: int
    agency: str
    attempts: int
    failure: str | None


def parked_versions(connection: Connection, agency: str | None, mrn: str | None) -> list[int]:
    """The versions with a parked question: of all, of one agency, or of one declaration."""
    query = select(open_question.c.version_id).where(open_question.c.parked).distinct()
    if agency is not None:
        query = query.where(open_question.c.agency == agency)
    if mrn is not None:
        of_declaration = select(version.c.id).join(declaration, declaration.c.id == version.c.declaration_id)
        query = query.where(open_question.c.version_id.in_(of_declaration.where(declaration.c.mrn == mrn)))
    return list(connection.execute(query).scalars())


def unpark(connection: Connection, now: int, version_ids: Iterable[int], agency: str | None) -> list[Parked]:
    """Ask parked questions on these (locked) versions again with all attempts; returns them as they were parked."""
    chosen = [is_among(connection, open_question.c.version_id, version_ids), open_question.c.parked]
    if agency is not None:
        chosen.append(open_question.c.agency == agency)
    columns = (open_question.c[name] for name in Parked._fields)
    query = select(*columns).where(*chosen).order_by(open_question.c.version_id, open_question.c.agency)
    found = [Parked(*row) for row in connection.execute(query)]
    connection.execute(update(open_question).where(*chosen).values(parked=False, attempts=0, due_at=now))
    return found


class OpenQuestion(NamedTuple):
    """An open question as its agency's officers see it, with the content to project.

    `items` are SequenceNumeric values, none for the whole declaration. `taken_by` is the id of an officer's key, None
    if nobody has taken it. `documents_answer_id` is the party's answer that it carries, None if it carries none. It is
    `parked` if asking has failed for good, `awaiting` if the agency has it and will answer on its own.
    """

    version_id: int
    agency: str
    round: int
    items: tuple[str, ...]
    asked_at: int
    deadline_at: int
    taken_by: str | None
    taken_at: int | None
    documents_answer_id: int | None
    parked: bool
    awaiting: bool
    declaration_id: int
    mrn: str
    number: int
    stored_state: str | None
    canonical: bytes

    @property
    def stuck(self) -> bool:
        """Whether nothing more happens to it by itself before its deadline, unless its agency answers."""
        return self.parked or self.awaiting


_OPEN: Select[Any] = (
    select(
        *(open_question.c[name] for name in OpenQuestion._fields[:11]), declaration.c.id, declaration.c.mrn,
        version.c.number, version.c.state, version.c.canonical,
    )
    .join(version, version.c.id == open_question.c.version_id)
    .join(declaration, declaration.c.id == version.c.declaration_id)
)  # fmt: skip


def find_question(connection: Connection, version_id: int, agency: str, asked_round: int) -> OpenQuestion | None:
    """One open question; None if it is closed, or was never asked."""
    mine = and_(
        open_question.c.version_id == version_id,
        open_question.c.agency == agency,
        open_question.c.round == asked_round,
    )
    row = connection.execute(_OPEN.where(mine)).first()
    return None if row is None else _open_question(row)


def open_question_to(connection: Connection, version_id: int, agency: str) -> OpenQuestion | None:
    """The open question to an agency on a version, whatever its round: there is at most one."""
    mine = and_(open_question.c.version_id == version_id, open_question.c.agency == agency)
    row = connection.execute(_OPEN.where(mine)).first()
    return None if row is None else _open_question(row)


def questions_of(
    connection: Connection, agency: str, after: int, limit: int, *, for_people: bool = False
) -> list[OpenQuestion]:
    """An agency's open questions on versions with an id above `after`, in the order of these ids.

    All of them; `for_people`, only those that carry what a party answered when documents were asked, that are stuck, or
    that an officer has taken.
    """
    mine = and_(open_question.c.agency == agency, open_question.c.version_id > after)
    query = _OPEN.where(mine).order_by(open_question.c.version_id).limit(limit)
    if for_people:
        carries, taken = open_question.c.documents_answer_id.is_not(None), open_question.c.taken_by.is_not(None)
        query = query.where(or_(carries, taken, open_question.c.parked, open_question.c.awaiting))
    return [_open_question(row) for row in connection.execute(query)]


def _open_question(row: Any) -> OpenQuestion:
    return OpenQuestion(*row)._replace(items=tuple(row.items.split()))


def set_taker(connection: Connection, question: OpenQuestion, officer: str | None, now: int) -> None:
    """Write who has taken an open question on a (locked) version, from now on; None gives it back."""
    mine = and_(open_question.c.version_id == question.version_id, open_question.c.agency == question.agency)
    taken_at = None if officer is None else now
    connection.execute(update(open_question).where(mine).values(taken_by=officer, taken_at=taken_at))
