"""How questions to agencies were closed: one answer for each version, agency and round, by primary key.

Late answers, which came after their question was closed, are kept for the record; no decision reads them. Answers to
first questions have a table of their own, which older processes know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, exists, func, select

from singlewindow.decisions.assessment import Assessment
from singlewindow.storage.engine.bulk import insert_new_rows, insert_rows, is_among
from singlewindow.storage.tables import assessment, late_assessment, later_late_assessment, open_question

_decoder = msgspec.json.Decoder(Assessment)


class ClosedQuestion(NamedTuple):
    """A question that is closed, at `answered_at`: `body` is the JSON of its Assessment, the agency's or ours.

    `round` counts how often this agency was asked about this version, from 1. `dispatched_at` is when the question was
    last put into a batch, None if it was not.
    """

    version_id: int
    agency: str
    round: int
    answer: str
    lane: str
    body: bytes
    asked_at: int
    dispatched_at: int | None
    answered_at: int

    @property
    def assessment(self) -> Assessment:
        """The answer."""
        return _decoder.decode(self.body)


class Late(NamedTuple):
    """An answer that came after its question was closed; `body` is the JSON of its Assessment."""

    version_id: int
    agency: str
    round: int
    body: bytes
    received_at: int

    @property
    def assessment(self) -> Assessment:
        """The answer."""
        return _decoder.decode(self.body)


_CLOSED = tuple(assessment.c[name] for name in ClosedQuestion._fields)


def add_assessments(connection: Connection, rows: Sequence[ClosedQuestion]) -> None:
    """Insert answers; a second one for the same question would break the primary key and undo the transaction."""
    insert_rows(connection, assessment, [row._asdict() for row in rows])


def answers_of_complete(connection: Connection, version_ids: Iterable[int]) -> dict[int, list[tuple[int, Assessment]]]:
    """Those of these versions that have answers and no open question, in the order of their ids.

    Each with its answers by round, sorted by agency.
    """
    waits = exists().where(open_question.c.version_id == assessment.c.version_id)
    query = (
        select(assessment.c.version_id, assessment.c.round, assessment.c.body)
        .where(is_among(connection, assessment.c.version_id, version_ids), ~waits)
        .order_by(assessment.c.version_id, assessment.c.agency)
    )
    found: dict[int, list[tuple[int, Assessment]]] = {}
    for version_id, asked_round, body in connection.execute(query):
        found.setdefault(version_id, []).append((asked_round, _decoder.decode(body)))
    return found


def newest_answers(connection: Connection, version_id: int) -> dict[str, ClosedQuestion]:
    """For each agency, how its newest closed question on a version ended."""
    query = select(*_CLOSED).where(assessment.c.version_id == version_id).order_by(assessment.c.round)
    return {row.agency: ClosedQuestion(*row) for row in connection.execute(query)}


def last_rounds(connection: Connection, version_id: int) -> dict[str, int]:
    """For each agency, the last closed round of questions on a version."""
    query = select(assessment.c.agency, func.max(assessment.c.round)).where(assessment.c.version_id == version_id)
    return dict(connection.execute(query.group_by(assessment.c.agency)).all())


def find_assessment(connection: Connection, version_id: int, agency: str, asked_round: int) -> ClosedQuestion | None:
    """How one question was closed; None while it is open."""
    mine = (
        assessment.c.version_id == version_id, assessment.c.agency == agency, assessment.c.round == asked_round,
    )  # fmt: skip
    row = connection.execute(select(*_CLOSED).where(*mine)).first()
    return None if row is None else ClosedQuestion(*row)


def add_late(connection: Connection, row: Late) -> bool:
    """Keep an answer that came too late; False if one is kept already."""
    if row.round == 1:
        return bool(insert_new_rows(connection, late_assessment, [row._asdict()], ("version_id", "agency")))
    key = ("version_id", "agency", "round")
    return bool(insert_new_rows(connection, later_late_assessment, [row._asdict()], key))


def late_answer(connection: Connection, version_id: int, agency: str, asked_round: int) -> Late:
    """The late answer that is kept for a question."""
    table = late_assessment if asked_round == 1 else later_late_assessment
    mine = (table.c.version_id == version_id, table.c.agency == agency, table.c.round == asked_round)
    columns = (table.c[name] for name in Late._fields)
    return Late(*connection.execute(select(*columns).where(*mine)).one())
