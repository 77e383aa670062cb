"""The named intervals of a study, each with the actor responsible for the time, and their lengths in one case.

A length is signed and exact, in microseconds: before the arrival of the goods it is negative, and stays so. An interval
without a length is either open (it has not ended yet) or excluded for a stated reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from singlewindow.release_times.events import ASSESSED, RELEASE, Case, Question

OPEN = "open"
NO_RECEIPT = "receipt not recorded"
NO_ARRIVAL = "arrival not recorded"
NOBODY_ASKED = "no agency was asked"
NOT_RELEASED = "the decision was not to release"
REPLACED = "replaced by an amendment"
CANCELLED = "cancelled"
LAPSED = "lapsed: the goods did not arrive"
NOT_DISPATCHED = "no dispatch is recorded"
NOT_ANSWERED = "closed by its deadline, without the agency's answer"


class Actor(StrEnum):
    """Who is responsible for the time of an interval."""

    TRADER = "trader"
    SYSTEM = "system"
    AGENCY = "agency"
    SEVERAL = "several"


class Measurement(NamedTuple):
    """One interval of one case: `length` in signed microseconds, or None with `missing`, OPEN or an exclusion's reason.

    `agency` is the agency asked, for the intervals of a question; None for those of the whole case.
    """

    interval: str
    agency: str | None
    length: int | None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A named interval: who is responsible, what it measures, and whether there is one for each agency asked."""

    name: str
    actor: Actor
    meaning: str
    per_agency: bool = False


Span = tuple[int | None, int | None]
"""Start and end. If one or both are None, the interval is open, unless a reason excludes it."""

CaseRule = Callable[[Case], Span | str]
QuestionRule = Callable[[Case, Question], Span | str]


def of_case(case: Case) -> Iterator[Measurement]:
    """Every interval of one case: measured, open or excluded; none is left out."""
    for interval, measure in CASE_RULES:
        yield _measured_interval(interval, None, measure(case))
    for agency, question in sorted(case.asked.items()):
        for interval, measure_question in QUESTION_RULES:
            yield _measured_interval(interval, agency, measure_question(case, question))


def _measured_interval(interval: Interval, agency: str | None, found: Span | str) -> Measurement:
    if isinstance(found, str):
        return Measurement(interval.name, agency, None, found)
    start, end = found
    if start is None or end is None:
        return Measurement(interval.name, agency, None, OPEN)
    return Measurement(interval.name, agency, end - start)


def _receipt_to_acceptance(case: Case) -> Span | str:
    return NO_RECEIPT if case.received_at is None else (case.received_at, case.lodged_at)


def _arrival_to_lodgement(case: Case) -> Span | str:
    return NO_ARRIVAL if case.arrived_at is None else (case.arrived_at, case.lodged_at)


def _arrival_to_release(case: Case) -> Span | str:
    return NO_ARRIVAL if case.arrived_at is None else _until_release(case, case.arrived_at)


def _lodgement_to_release(case: Case) -> Span | str:
    return _until_release(case, case.lodged_at)


def _until_release(case: Case, start: int) -> Span | str:
    if case.released_at is None and case.ended is not None:
        return case.ended
    was_held = case.decided_at is not None and case.outcome != RELEASE
    return NOT_RELEASED if was_held else (start, case.released_at)


def _lodgement_to_decision(case: Case) -> Span | str:
    return _until_decision(case, case.lodged_at)


def _until_decision(case: Case, start: int | None) -> Span | str:
    return case.ended if case.decided_at is None and case.ended is not None else (start, case.decided_at)


def _last_answer_to_decision(case: Case) -> Span | str:
    if not case.asked:
        return NOBODY_ASKED
    closed = [question.answered_at for question in case.asked.values() if question.answered_at is not None]
    return _until_decision(case, max(closed) if len(closed) == len(case.asked) else None)


def _lodgement_to_dispatch(case: Case, question: Question) -> Span | str:
    if question.dispatched_at is None and question.answered_at is not None:
        return NOT_DISPATCHED
    return case.lodged_at, question.dispatched_at


def _dispatch_to_answer(_case: Case, question: Question) -> Span | str:
    if question.answered_at is None:
        return question.dispatched_at, None
    if question.answer != ASSESSED:
        return NOT_ANSWERED
    return NOT_DISPATCHED if question.dispatched_at is None else (question.dispatched_at, question.answered_at)


def _question_to_answer(_case: Case, question: Question) -> Span | str:
    if question.answered_at is not None and question.answer != ASSESSED:
        return NOT_ANSWERED
    return question.asked_at, question.answered_at


CASE_RULES: tuple[tuple[Interval, CaseRule], ...] = (
    (
        Interval("arrival_to_release", Actor.SEVERAL, "From the arrival of the goods to their release."),
        _arrival_to_release,
    ),
    (
        Interval("arrival_to_lodgement", Actor.TRADER, "From the arrival of the goods to the lodgement."),
        _arrival_to_lodgement,
    ),
    (
        Interval("receipt_to_acceptance", Actor.SYSTEM, "From the first byte received to the lodgement being stored."),
        _receipt_to_acceptance,
    ),
    (
        Interval("lodgement_to_decision", Actor.SEVERAL, "From the lodgement to the decision, whatever it was."),
        _lodgement_to_decision,
    ),
    (
        Interval("lodgement_to_release", Actor.SEVERAL, "From the lodgement to the release of the goods."),
        _lodgement_to_release,
    ),
    (
        Interval("last_answer_to_decision", Actor.SYSTEM, "From the closing of the last question to the decision."),
        _last_answer_to_decision,
    ),
)

QUESTION_RULES: tuple[tuple[Interval, QuestionRule], ...] = (
    (
        Interval("lodgement_to_dispatch", Actor.SYSTEM, "From the lodgement to the last dispatch.", True),
        _lodgement_to_dispatch,
    ),
    (
        Interval("dispatch_to_answer", Actor.AGENCY, "From that dispatch to the agency's own answer.", True),
        _dispatch_to_answer,
    ),
    (
        Interval("question_to_answer", Actor.SEVERAL, "From the question to the agency's own answer.", True),
        _question_to_answer,
    ),
)

INTERVALS: dict[str, Interval] = {rule[0].name: rule[0] for rule in (*CASE_RULES, *QUESTION_RULES)}
"""Every interval by name, in the order of a report."""
