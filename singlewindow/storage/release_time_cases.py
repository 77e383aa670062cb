"""Reads what a release time study needs: one case for each version lodged in a range, with its questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, Subquery, Text, cast, func, null, select, union_all

from singlewindow.release_times.events import Case, Question
from singlewindow.storage.decisions import decision_column, with_decision
from singlewindow.storage.tables import Record, assessment, declaration, open_question, version

DIRECTIONS = {"IM": "import", "EX": "export"}
OTHER_DIRECTION = "other"


def count_versions(connection: Connection, start: int, end: int) -> int:
    """How many versions were lodged from `start` until just before `end`."""
    query = select(func.count()).select_from(version).where(version.c.lodged_at >= start, version.c.lodged_at < end)
    return int(connection.execute(query).scalar_one())


def read_cases(connection: Connection, start: int, end: int) -> Iterator[Case]:
    """The cases lodged from `start` until just before `end`, by version id.

    One statement reads them all: a question answered meanwhile appears as open or as answered, never as neither.
    """
    rows = connection.execute(_select_cases(start, end))
    for _, of_version in groupby(rows, key=lambda row: row.version_id):
        yield _case_from(list(of_version))


def _select_cases(start: int, end: int) -> Select[Any]:
    asked = _all_questions()
    query = (
        select(
            version.c.id.label("version_id"), version.c.number, version.c.received_at, version.c.lodged_at,
            declaration.c.mrn, declaration.c.type_code, decision_column("lane"),
            decision_column("outcome"), decision_column("decided_at"),
            asked.c.agency, asked.c.asked_at, asked.c.answered_at, asked.c.agency_lane, asked.c.dispatched_at,
            asked.c.answer,
        )
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(asked, asked.c.version_id == version.c.id)
        .where(version.c.lodged_at >= start, version.c.lodged_at < end)
        .order_by(version.c.id, asked.c.round)
    )  # fmt: skip
    return with_decision(query, version.c.id, version.c.decision_number)


def _all_questions() -> Subquery:
    """Open and answered questions in one shape."""
    no_moment, no_word = cast(null(), BigInteger), cast(null(), Text)
    still_open = select(
        open_question.c.version_id, open_question.c.agency, open_question.c.asked_at, no_moment.label("answered_at"),
        no_word.label("agency_lane"), no_moment.label("dispatched_at"), no_word.label("answer"), open_question.c.round,
    )  # fmt: skip
    answered = select(
        assessment.c.version_id, assessment.c.agency, assessment.c.asked_at, assessment.c.answered_at,
        assessment.c.lane, assessment.c.dispatched_at, assessment.c.answer, assessment.c.round,
    )  # fmt: skip
    return union_all(still_open, answered).subquery("asked")


def _case_from(rows: list[Record]) -> Case:
    first = rows[0]
    return Case(
        mrn=first.mrn,
        version=first.number,
        type=first.type_code,
        direction=DIRECTIONS.get(first.type_code[:2], OTHER_DIRECTION),
        lodged_at=first.lodged_at,
        lane=first.lane,
        asked=dict(_questions_of(rows)),
        decided_at=first.decided_at,
        outcome=first.outcome,
        received_at=first.received_at,
    )


def _questions_of(rows: Iterable[Record]) -> Iterator[tuple[str, Question]]:
    for row in rows:
        if row.agency is None:
            continue
        if row.answered_at is None:
            yield row.agency, Question(row.asked_at)
        else:
            yield row.agency, Question(row.asked_at, row.answered_at, row.agency_lane, row.dispatched_at, row.answer)
