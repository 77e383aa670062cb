"""What was seen at the border and is not as declared: an answer of the service itself, which asks for an inspection."""

from __future__ import annotations

import msgspec

from singlewindow.audit import commitments
from singlewindow.clearance.news import News
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import BORDER, Answer, Assessment, Control, Finding, Lane
from singlewindow.storage import assessments
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

LEGAL_BASIS = "MOSAIC 05.60:2015, 9.2.4.7"
GRAVE = 90


def border_answer(transaction: Transaction, version_id: int, found: tuple[str, ...]) -> News:
    """Write the service's own answer on a version: inspect, for each difference."""
    findings = tuple(
        Finding(profile="arrival", legal_basis=LEGAL_BASIS, weight=GRAVE, control=Control.PHYSICAL, officer=each,
                trader=each)
        for each in found
    )  # fmt: skip
    given = Assessment(agency=BORDER, answer=Answer.ASSESSED, lane=Lane.RED, score=GRAVE,
                       controls=(Control.PHYSICAL,), findings=findings)  # fmt: skip
    row = ClosedQuestion(version_id, BORDER, 1, given.answer, given.lane, msgspec.json.encode(given), transaction.now,
                         None, transaction.now)  # fmt: skip
    assessments.add_assessments(transaction.connection, [row])
    detail = {"lane": given.lane, **commitments.of_answer(row._asdict())}
    return News((Event(transaction.now, events.Kind.ASSESSED, events.SYSTEM, version_id, detail),))
