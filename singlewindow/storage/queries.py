"""What officers ask the party of a declaration, each with the party's answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from singlewindow.storage.engine.bulk import is_among
from singlewindow.storage.tables import query


class Query(NamedTuple):
    """A query to a party on one question; `reference` is that of the notice. `answer` is None until there is one."""

    reference: str
    version_id: int
    agency: str
    round: int
    officer: str
    words: str
    asked_at: int
    answer_by: int
    answer: str | None = None
    answered_at: int | None = None


_QUERY = tuple(query.c[name] for name in Query._fields)


def add_query(connection: Connection, row: Query) -> None:
    """Store a query."""
    connection.execute(insert(query).values(**row._asdict()))


def find_query(connection: Connection, reference: str) -> Query | None:
    """One query; None if there is none of this reference."""
    row = connection.execute(select(*_QUERY).where(query.c.reference == reference)).first()
    return None if row is None else Query(*row)


def queries_on(connection: Connection, version_ids: Iterable[int], agency: str) -> list[Query]:
    """An agency's queries about versions, oldest first."""
    mine = (is_among(connection, query.c.version_id, version_ids), query.c.agency == agency)
    rows = connection.execute(select(*_QUERY).where(*mine).order_by(query.c.asked_at, query.c.reference))
    return [Query(*row) for row in rows]


def answer_query(connection: Connection, reference: str, words: str, now: int) -> None:
    """Write the party's answer to a query about a (locked) declaration."""
    answered = update(query).where(query.c.reference == reference)
    connection.execute(answered.values(answer=words, answered_at=now))
