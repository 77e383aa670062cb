"""Reads what a release time study needs: one case for each version lodged in a range, with its questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Connection, ScalarSelect, Select, Subquery, Text, cast, func, null, select, union_all

from singlewindow.release_times.events import RELEASE, Case, Question, release_moment
from singlewindow.release_times.intervals import CANCELLED, LAPSED, REPLACED
from singlewindow.storage.decisions import decision_column, with_decision
from singlewindow.storage.tables import Record, assessment, declaration, event, open_question, version
from singlewindow.storage.trail.events import Kind

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
    later = version.alias()
    replaced_at = select(later.c.lodged_at).where(
        later.c.declaration_id == version.c.declaration_id, later.c.number == version.c.number + 1
    )
    query = (
        select(
            version.c.id.label("version_id"), version.c.number, version.c.received_at, version.c.lodged_at,
            declaration.c.mrn, declaration.c.type_code, decision_column("lane"),
            decision_column("outcome"), decision_column("decided_at"),
            _newest_event("detail", Kind.DECIDED).label("decided"),
            _arrival("at").label("arrival_recorded_at"), _arrival("detail").label("arrival"),
            replaced_at.scalar_subquery().label("replaced_at"),
            _newest_event("at", Kind.CANCELLED).label("cancelled_at"),
            _newest_event("at", Kind.LAPSED).label("lapsed_at"),
            asked.c.agency, asked.c.asked_at, asked.c.answered_at, asked.c.agency_lane, asked.c.dispatched_at,
            asked.c.answer,
        )
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(asked, asked.c.version_id == version.c.id)
        .where(version.c.lodged_at >= start, version.c.lodged_at < end)
        .order_by(version.c.id, asked.c.round)
    )  # fmt: skip
    return with_decision(query, version.c.id, version.c.decision_number)


def _newest_event(column: str, kind: Kind) -> ScalarSelect[Any]:
    """Of the newest event of this kind about the version."""
    found = select(event.c[column]).where(event.c.version_id == version.c.id, event.c.kind == kind)
    return found.order_by(event.c.id.desc()).limit(1).scalar_subquery()


def _arrival(column: str) -> ScalarSelect[Any]:
    """Of the arrival of the declaration, whatever version stood then."""
    stood = version.alias()
    about = select(stood.c.id).where(stood.c.declaration_id == version.c.declaration_id).correlate(version)
    found = select(event.c[column]).where(event.c.version_id.in_(about), event.c.kind == Kind.ARRIVED)
    return found.order_by(event.c.id).limit(1).scalar_subquery()


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
    ended_at, ended = _end_of(first)
    state = None if first.decided is None else msgspec.json.decode(first.decided).get("state")
    released = first.outcome == RELEASE
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
        arrived_at=None if first.arrival is None else msgspec.json.decode(first.arrival)["happened_at"],
        released_at=release_moment(state, first.decided_at, first.arrival_recorded_at, ended_at) if released else None,
        ended_at=ended_at,
        ended=ended,
    )


def _end_of(row: Record) -> tuple[int | None, str | None]:
    """When the version stopped to count, and why; it may still have been decided, even released, before."""
    ends = ((row.replaced_at, REPLACED), (row.cancelled_at, CANCELLED), (row.lapsed_at, LAPSED))
    return next(((at, why) for at, why in ends if at is not None), (None, None))


def _questions_of(rows: Iterable[Record]) -> Iterator[tuple[str, Question]]:
    for row in rows:
        if row.agency is None:
            continue
        if row.answered_at is None:
            yield row.agency, Question(row.asked_at)
        else:
            yield row.agency, Question(row.asked_at, row.answered_at, row.agency_lane, row.dispatched_at, row.answer)
