"""Responding: an agency sends its answer by itself, before, during or after our own asking, once or several times.

The open question's row decides: whoever deletes it gives the answer. Whatever comes after is compared with what stands,
and never changes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from adapters.answer import foreign_items, read_answer, same_answer
from singlewindow.clearance.decide import asked_agencies, decide
from singlewindow.clearance.questions import version_of
from singlewindow.clearance.timeline import items_of
from singlewindow.clearance.window import Window
from singlewindow.decisions.assessment import Answer, Assessment
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.storage import answers, events, lodgements, questions
from singlewindow.storage.engines import clock, reading
from singlewindow.storage.tables import Record

MOST_CONTRADICTIONS = 20

_assessment = msgspec.json.Decoder(Assessment)


@dataclass(frozen=True)
class Receipt:
    """That an answer is stored, since `received_at`; `late` where the question had been closed without it."""

    mrn: str
    version: int
    agency: str
    received_at: int
    late: bool


@dataclass(frozen=True)
class Contradiction:
    """Another answer to the same question stands, since `received_at`."""

    mrn: str
    received_at: int


@dataclass(frozen=True)
class _Given:
    """An answer on its way in: by which agency, on which (locked) version, at which moment."""

    agency: str
    version: Record
    assessment: Assessment
    now: int

    @property
    def actor(self) -> str:
        return f"agency:{self.agency}"

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.assessment)

    def event(self, kind: events.Kind, **detail: str) -> events.Event:
        return events.Event(self.now, kind, self.actor, self.version.version_id, {"agency": self.agency, **detail})


def respond(window: Window, agency: str, question: str, content: bytes) -> Receipt | Contradiction | None:
    """Store an agency's answer, once; None where it was never asked that. Raises `Refused` where it cannot be read."""
    version_id = version_of(question)
    routing = _routing_of(window, version_id) if version_id is not None and window.is_remote(agency) else None
    if version_id is None or routing is None or agency not in asked_agencies(routing):
        return None
    assessment = read_answer(content, agency, window.agencies[agency].fingerprint)
    _refuse_foreign_items(window, assessment, version_id, routing)
    with window.engine.begin() as connection:
        (version,) = lodgements.lock_versions(connection, [version_id])
        given = _Given(agency, version, assessment, clock(connection))
        open_question = questions.take(connection, version_id, agency)
        if open_question is not None:
            return _answer(connection, given, open_question)
        return _compare(connection, given)


def _routing_of(window: Window, version_id: int) -> bytes | None:
    with reading(window.engine) as connection:
        return lodgements.routing_of(connection, version_id)


def _refuse_foreign_items(window: Window, assessment: Assessment, version_id: int, routing: bytes) -> None:
    if not any(finding.item for finding in assessment.findings):
        return
    with reading(window.engine) as connection:
        content = lodgements.contents(connection, [version_id])[version_id]
    items = items_of(routing, assessment.agency)
    foreign_items(assessment, project(decode(content.canonical), window.agencies[assessment.agency].entitlement, items))


def _answer(connection: Connection, given: _Given, question: Record) -> Receipt:
    """The question was open: this is its answer, and it may be the last one that was missing."""
    assessment = given.assessment
    row = {
        "version_id": given.version.version_id, "agency": given.agency, "answer": assessment.answer,
        "lane": assessment.lane, "body": given.body, "asked_at": question.asked_at, "dispatched_at": None,
        "answered_at": given.now,
    }  # fmt: skip
    answers.add_assessments(connection, [row])
    event = given.event(events.Kind.ASSESSED, answer=assessment.answer, profiles=assessment.profiles)
    events.record(connection, [event])
    decide(connection, [given.version], given.now)
    return _receipt(given, given.now, late=False)


def _compare(connection: Connection, given: _Given) -> Receipt | Contradiction:
    """The question is closed: by an answer, which stands, or without one, and then this one is late."""
    closed = answers.assessment_of(connection, given.version.version_id, given.agency)
    if closed is None:
        raise LookupError(f"{given.agency} was asked about {given.version.mrn}, but there is no question and no answer")
    if closed.answer == Answer.ASSESSED:
        return _standing(connection, given, closed.body, closed.answered_at, late=False)
    row = {"version_id": given.version.version_id, "agency": given.agency, "body": given.body,
           "received_at": given.now}  # fmt: skip
    if answers.add_late(connection, row):
        lane = given.assessment.lane
        events.record(connection, [given.event(events.Kind.LATE, lane=lane, closed_as=closed.answer)])
        return _receipt(given, given.now, late=True)
    late = answers.late_of(connection, given.version.version_id, given.agency)
    return _standing(connection, given, late.body, late.received_at, late=True)


def _standing(
    connection: Connection, given: _Given, body: bytes, received_at: int, *, late: bool
) -> Receipt | Contradiction:
    if same_answer(_assessment.decode(body), given.assessment):
        return _receipt(given, received_at, late=late)
    _record_contradiction(connection, given)
    return Contradiction(given.version.mrn, received_at)


def _record_contradiction(connection: Connection, given: _Given) -> None:
    """One event for each different answer, however often it is sent again, and a few of them at most."""
    digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(given.assessment, profiles=""))).hexdigest()
    trail = events.of_version(connection, given.version.version_id)
    known = {(entry.actor, entry.detail.get("sha256")) for entry in trail if entry.kind is events.Kind.CONTRADICTED}
    if (given.actor, digest) not in known and len(known) < MOST_CONTRADICTIONS:
        lane = given.assessment.lane
        events.record(connection, [given.event(events.Kind.CONTRADICTED, lane=lane, sha256=digest)])


def _receipt(given: _Given, received_at: int, *, late: bool) -> Receipt:
    return Receipt(given.version.mrn, given.version.number, given.agency, received_at, late)
