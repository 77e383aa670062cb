"""Answers to closed questions: compared with the answer that counts and kept or noted, but they change nothing.

They come from agencies that answer twice or late, and from workers whose question was closed while they asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from adapters.remote_answer import same_answer
from singlewindow.audit import commitments
from singlewindow.decisions.assessment import Answer, Assessment
from singlewindow.storage import assessments
from singlewindow.storage.assessments import Late
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.trail import events

MOST_CONTRADICTIONS = 20
"""At most this many different further answers of one agency to one question are recorded."""


@dataclass(frozen=True)
class Receipt:
    """Confirms that an answer is stored, since `received_at`; `late` if the question had been closed without it."""

    mrn: str
    version: int
    agency: str
    received_at: int
    late: bool


@dataclass(frozen=True)
class Contradiction:
    """Another answer to the same question was there first, since `received_at`.

    That one counts; if it was `late` too, neither does, as the question had been closed without an answer.
    """

    mrn: str
    received_at: int
    late: bool


@dataclass(frozen=True)
class Given:
    """An incoming answer: from which agency, on which (locked) version, at which moment, in which round.

    `officer` is the key of the person who gave it, if one did.
    """

    agency: str
    version: LockedVersion
    assessment: Assessment
    now: int
    round: int = 1
    officer: str = ""

    @property
    def actor(self) -> str:
        """How the event trail names the agency."""
        return f"agency:{self.agency}"

    def event(self, kind: events.Kind, **detail: Any) -> events.Event:
        """An event of the agency's on this version."""
        said = detail | {"agency": self.agency} | ({"officer": self.officer} if self.officer else {})
        return events.Event(self.now, kind, self.actor, self.version.version_id, said)


def reconcile(connection: Connection, given: Given) -> Receipt | Contradiction:
    """The question is closed: by an answer, which counts, or without one, and then this one is late."""
    version_id = given.version.version_id
    closed = assessments.find_assessment(connection, version_id, given.agency, given.round)
    if closed is None:
        raise LookupError(
            f"{given.agency} was asked about {given.version.mrn}, but the record has neither the question nor an answer"
        )
    if closed.answer == Answer.ASSESSED:
        return _compare_answers(connection, given, closed.assessment, closed.answered_at, closed.answer)
    row = Late(version_id, given.agency, given.round, msgspec.json.encode(given.assessment), given.now)
    if assessments.add_late(connection, row):
        lane = given.assessment.lane
        told = commitments.of_late_answer(row._asdict()) | {"lane": lane, "closed_as": closed.answer}
        events.record(connection, [given.event(events.Kind.LATE, **told)])
        return receipt_for(given, given.now, late=True)
    kept = assessments.late_answer(connection, version_id, given.agency, given.round)
    return _compare_answers(connection, given, kept.assessment, kept.received_at, closed.answer)


def _compare_answers(
    connection: Connection, given: Given, standing: Assessment, received_at: int, closed_as: str
) -> Receipt | Contradiction:
    late = closed_as != Answer.ASSESSED
    if same_answer(standing, given.assessment):
        return receipt_for(given, received_at, late=late)
    _record_contradiction(connection, given, closed_as)
    return Contradiction(given.version.mrn, received_at, late)


def _record_contradiction(connection: Connection, given: Given, closed_as: str) -> None:
    """Write one event for each different answer, however often it is sent, and only a few for each question."""
    digest = hashlib.sha256(
        msgspec.json.encode(msgspec.structs.replace(given.assessment.without_trial, profiles=""))
    ).hexdigest()
    known = _noted_digests(connection, given)
    if digest not in known and len(known) < MOST_CONTRADICTIONS:
        detail = {"round": given.round, "lane": given.assessment.lane, "sha256": digest, "closed_as": closed_as}
        events.record(connection, [given.event(events.Kind.CONTRADICTED, **detail)])


def _noted_digests(connection: Connection, given: Given) -> set[Any]:
    trail = events.of_subject(connection, given.version.version_id)
    own = (entry.detail for entry in trail if (entry.kind, entry.actor) == (events.Kind.CONTRADICTED, given.actor))
    # An event of before there were rounds names none: it is of the first.
    return {detail.get("sha256") for detail in own if detail.get("round", 1) == given.round}


def receipt_for(given: Given, received_at: int, *, late: bool) -> Receipt:
    """The agency's receipt for a stored answer."""
    return Receipt(given.version.mrn, given.version.number, given.agency, received_at, late)
