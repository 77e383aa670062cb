"""Why a question is still open: exactly one cause out of a closed list, with what an operator can do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import Engine

from singlewindow.agencies.agency import Agency
from singlewindow.storage.backlog import WaitingQuestion, waiting_questions
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.times import MICROSECONDS

MOST: Final = 1_000


class Cause(StrEnum):
    """Why a question is open."""

    OVERDUE = "overdue"
    AGENCY_GONE = "agency-gone"
    TAKEN = "taken"
    NOT_TAKEN = "not-taken"
    FAILED = "failed"
    NO_ANSWER_YET = "no-answer-yet"
    WORKER_LOST = "worker-lost"
    NO_WORKER = "no-worker"
    BEING_ASKED = "being-asked"
    PAUSED = "paused"
    NO_DISPATCHER = "no-dispatcher"


WORDS: Final[Mapping[Cause, tuple[str, str]]] = MappingProxyType({
    Cause.OVERDUE: (
        "Its deadline has passed, and nobody closes it.", "Start a dispatcher: `singlewindow dispatch`."),
    Cause.AGENCY_GONE: (
        "The configuration no longer has this agency.",
        "Put the agency back, or wait for the deadline: the goods are then inspected."),
    Cause.TAKEN: ("An officer has it.", "Ask the officer to answer, or to give it back."),
    Cause.NOT_TAKEN: ("It waits for an officer, and nobody has taken it.", "Tell the agency."),
    Cause.FAILED: (
        "Asking has failed for good; the reason is beside it.",
        "Remove the cause and run `singlewindow queue retry`, or let an officer of the agency answer by hand."),
    Cause.NO_ANSWER_YET: (
        "The agency's system has accepted it and has not answered.",
        "Ask the agency. `singlewindow queue ask-again` asks it again; an officer may answer by hand."),
    Cause.WORKER_LOST: (
        "The worker that had it gives no sign of life.", "Nothing, if a dispatcher runs: it is asked again at once."),
    Cause.NO_WORKER: ("It is in a batch that no worker has taken.", "Start a worker; see the queue server."),
    Cause.BEING_ASKED: ("A worker is asking the agency.", "Nothing: it answers, or the worker tries again."),
    Cause.PAUSED: ("A try failed, and the next one is not due yet.", "Nothing: it is tried again by itself."),
    Cause.NO_DISPATCHER: (
        "It is due, and no dispatcher puts it into a batch.",
        "Start a dispatcher. If one runs, the agency has as many batches as it may have: start more workers."),
})  # fmt: skip
"""What each cause means, and what to do."""


class StuckQuestion(NamedTuple):
    """An open question and why it is open, since when (microseconds)."""

    question: WaitingQuestion
    cause: Cause
    since: int


def read_stuck(
    engine: Engine, agencies: Mapping[str, Agency], older: float, agency: str | None, mrn: str | None
) -> list[StuckQuestion]:
    """The questions that have been open for more than `older` seconds, the longest open first; at most MOST."""
    by_officers = {code for code, each in agencies.items() if each.by_officers}
    with reading(engine) as connection:
        now = clock(connection)
        found = waiting_questions(connection, now - int(older * MICROSECONDS), agency, mrn, MOST)
    return [StuckQuestion(each, *cause_of(each, now, agencies.keys(), by_officers)) for each in found]


def cause_of(
    question: WaitingQuestion, now: int, known: Collection[str], by_officers: Collection[str]
) -> tuple[Cause, int]:
    """Why a question is open at a moment, and since when: the cause that stops it first."""
    waits_for = Cause.NOT_TAKEN if question.agency in by_officers else Cause.NO_ANSWER_YET
    lost = question.lease_until is not None and question.lease_until < now
    asked = Cause.BEING_ASKED if question.claimed else Cause.NO_WORKER
    causes = (
        (question.deadline_at < now, Cause.OVERDUE, question.deadline_at),
        (question.agency not in known, Cause.AGENCY_GONE, question.asked_at),
        (question.taken_by is not None, Cause.TAKEN, question.taken_at),
        (question.awaiting, waits_for, question.asked_at),
        (question.parked, Cause.FAILED, question.due_at),
        (lost, Cause.WORKER_LOST if question.claimed else Cause.NO_WORKER, question.lease_until),
        (question.batch_id is not None, asked, question.due_at),
        (question.due_at > now, Cause.PAUSED, question.asked_at),
    )
    found = ((cause, since) for applies, cause, since in causes if applies and since is not None)
    return next(found, (Cause.NO_DISPATCHER, question.due_at))
