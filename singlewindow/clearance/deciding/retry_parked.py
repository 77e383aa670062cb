"""Retrying by hand: the operator puts parked questions back, each with an event, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from singlewindow.clearance.transaction import changing
from singlewindow.storage import declarations, open_questions
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.trail import events


@dataclass(frozen=True)
class Choice:
    """Which parked questions: those of an agency, those on a declaration, or all of them; and why they are asked."""

    agency: str | None = None
    mrn: str | None = None
    reason: str = ""


def retry(engine: Engine, choice: Choice) -> int:
    """Ask the chosen parked questions again at once; returns how many. Their deadlines stay."""
    with changing(engine) as connection:
        versions = open_questions.parked_versions(connection, choice.agency, choice.mrn)
        declarations.lock_versions(connection, versions)  # nobody answers or closes these questions meanwhile
        now = clock(connection)
        put_back = open_questions.unpark(connection, now, versions, choice.agency)
        trail = []
        for question in put_back:
            detail = {"agency": question.agency, "attempts": question.attempts, "failure": question.failure}
            detail |= {"reason": choice.reason} if choice.reason else {}
            trail.append(events.Event(now, events.Kind.RETRIED, events.OPERATOR, question.version_id, detail))
        events.record(connection, trail)
        return len(put_back)
