"""Answers of the service itself: what was seen at the border and is not as declared, and inspections that stay ordered.

They go through the same merge as all others: the strictest answer wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from singlewindow.audit import commitments
from singlewindow.clearance.news import NO_NEWS, News
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import BORDER, KEPT_ORDER, Answer, Assessment, Control, Finding, Lane
from singlewindow.decisions.merge import Reason
from singlewindow.storage import assessments
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

LEGAL_BASIS = "MOSAIC 05.60:2015, 9.2.4.7"
EARLIER_DECISION = "the decision on the version before"
GRAVE = 90


def border_answer(transaction: Transaction, version_id: int, found: tuple[str, ...]) -> News:
    """Write the service's own answer on a version: inspect, for each difference, those seen before included."""
    findings = [
        Finding(profile="arrival", legal_basis=LEGAL_BASIS, weight=GRAVE, control=Control.PHYSICAL, officer=each,
                trader=each)
        for each in found
    ]  # fmt: skip
    earlier = assessments.newest_answers(transaction.connection, version_id).get(BORDER)
    if earlier is None:
        return _inspect(transaction, version_id, BORDER, findings)
    together = dict.fromkeys((*earlier.assessment.findings, *findings))
    return _inspect(transaction, version_id, BORDER, list(together), earlier.round + 1)


def differences_known(transaction: Transaction, version_id: int) -> set[str]:
    """The differences that count against a version already."""
    answer = assessments.newest_answers(transaction.connection, version_id).get(BORDER)
    return set() if answer is None else {each.officer for each in answer.assessment.findings}


def keep_order(transaction: Transaction, version_id: int, reasons: Sequence[Reason]) -> News:
    """Write the service's own answer on an amended version: inspect, for each reason of before."""
    findings = [
        Finding(profile=each.profile or KEPT_ORDER, legal_basis=EARLIER_DECISION, weight=each.weight,
                control=each.control or Control.PHYSICAL, officer=each.officer, trader=each.trader, item=each.item)
        for each in reasons
    ]  # fmt: skip
    return _inspect(transaction, version_id, KEPT_ORDER, findings) if findings else NO_NEWS


def _inspect(
    transaction: Transaction, version_id: int, code: str, findings: Sequence[Finding], asked_round: int = 1
) -> News:
    controls = {each.control for each in findings if each.control}
    given = Assessment(agency=code, answer=Answer.ASSESSED, lane=Lane.RED, score=max(each.weight for each in findings),
                       controls=tuple(sorted(controls)), findings=tuple(findings))  # fmt: skip
    body, now = msgspec.json.encode(given), transaction.now
    row = ClosedQuestion(version_id, code, asked_round, given.answer, given.lane, body, now, None, now)
    assessments.add_assessments(transaction.connection, [row])
    detail = {"lane": given.lane, **commitments.of_answer(row._asdict())}
    return News((Event(transaction.now, events.Kind.ASSESSED, events.SYSTEM, version_id, detail),))
