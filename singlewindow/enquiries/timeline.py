"""A version's events and the agencies asked, in words, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import UNSET

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import Routing
from singlewindow.decisions.assessment import Answer
from singlewindow.decisions.words import trial_for_auditor
from singlewindow.enquiries.audience import Disclosure
from singlewindow.enquiries.shapes import AgencyAsked, AgencyNotAsked, TimelineStep
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.trail.events import Event, Kind
from singlewindow.times import iso

Agencies = Mapping[str, Agency]
"""The agencies by code, for their names."""
Detail = Mapping[str, Any]
"""What an event commits to."""


def timeline_steps(agencies: Agencies, events: Iterable[Event], shown: Disclosure) -> list[TimelineStep]:
    """The visible events of a version, oldest first, each in a sentence."""
    return [_timeline_step(agencies, event, shown) for event in events if event.kind in shown.steps]


def _timeline_step(agencies: Agencies, event: Event, shown: Disclosure) -> TimelineStep:
    at = iso(event.at) or ""
    if event.kind is Kind.LODGED and not shown.agencies:
        return TimelineStep(at=at, text="Lodged and accepted")
    text = _event_sentence(agencies, event)
    if not shown.events:
        return TimelineStep(at=at, text=text)
    return TimelineStep(at=at, text=text, kind=event.kind, actor=event.actor, detail=event.detail)


def _agency_name(agencies: Agencies, code: object) -> str:
    agency = agencies.get(str(code))
    return agency.name if agency else str(code)


_OF_AGENCIES: Mapping[Kind, str] = {
    Kind.ASSESSED: "{agency} has answered",
    Kind.UNANSWERED: "{agency} has not answered in time",
    Kind.LATE: "{agency} answered ({lane}) after the question was closed; nothing changes",
    Kind.CONTRADICTED: "{agency} sent a different answer ({lane}); {result}",
    Kind.PARKED: "{agency} could not be asked; unless it answers by its deadline, the goods are inspected",
    Kind.RETRIED: "The operator had {agency} asked again",
    Kind.TAKEN: "An officer of {agency} has taken the question",
    Kind.GIVEN_BACK: "The officer of {agency} has given the question back",
}


def _event_sentence(agencies: Agencies, event: Event) -> str:
    if event.kind in _SENTENCES:
        return _SENTENCES[event.kind](agencies, event.detail)
    detail = event.detail
    words = _CLOSED.get(str(detail.get("answer"))) or _OF_AGENCIES.get(event.kind, f"Recorded: {event.kind}")
    agency, result = _agency_name(agencies, detail.get("agency")), _result_of_contradiction(detail.get("closed_as"))
    return words.format(agency=agency, lane=detail.get("lane"), result=result)


def _result_of_contradiction(closed_as: object) -> str:
    if closed_as is None:  # an older event, which does not say how its question was closed
        return "nothing changes"
    counts = closed_as == Answer.ASSESSED
    return "the first one counts" if counts else "neither counts: the question was closed without an answer"


def _lodged(agencies: Agencies, detail: Detail) -> str:
    asked = ", ".join(_agency_name(agencies, code) for code in detail.get("asked", []))
    return f"Lodged and accepted; asked: {asked or 'nobody'}"


def _asked_again(agencies: Agencies, detail: Detail) -> str:
    return f"Asked again: {', '.join(_agency_name(agencies, code) for code in detail.get('rounds', {}))}"


def _decided(_agencies: Agencies, detail: Detail) -> str:
    controls = ", ".join(detail.get("controls", []))
    return f"Decided: {detail.get('outcome')}{f' ({controls})' if controls else ''}"


def _with_reason(what: str, detail: Detail) -> str:
    return f"{what}: {detail['reason']}" if detail.get("reason") else what


def _arrived(_agencies: Agencies, detail: Detail) -> str:
    return f"The goods have arrived{_not_as_declared(detail)}"


def _reported(_agencies: Agencies, detail: Detail) -> str:
    return f"A further report of the goods{_not_as_declared(detail) or '; nothing differs'}"


def _not_as_declared(detail: Detail) -> str:
    found = detail.get("differences", [])
    return f"; not as declared: {' '.join(found)}" if found else ""


def _about_item(detail: Detail) -> str:
    return f", about item {detail['item']}" if detail.get("item") else ""


def _items_ended(_agencies: Agencies, detail: Detail) -> str:
    items, count = detail.get("items", []), detail.get("count", 0)
    more = f" and {count - len(items)} more" if count > len(items) else ""
    return f"{'Item' if count == 1 else 'Items'} {', '.join(items)}{more}: {detail.get('result')}"


_CLOSED: Mapping[str, str] = {
    Answer.REPLACED: "{agency} had not answered when it was asked again",
    Answer.WITHDRAWN: "{agency} need not answer any more",
}
_SENTENCES: Mapping[Kind, Callable[[Agencies, Detail], str]] = {
    Kind.LODGED: _lodged,
    Kind.ASKED_AGAIN: _asked_again,
    Kind.DECIDED: _decided,
    Kind.ARRIVED: _arrived,
    Kind.REPORTED: _reported,
    Kind.QUERIED: lambda _, detail: f"An officer asks: {detail.get('words')}",
    Kind.EXPLAINED: lambda _, detail: f"The party answers: {detail.get('words')}",
    Kind.DOCUMENT: lambda _, detail: f"Document given: {detail.get('name')}{_about_item(detail)}",
    Kind.EVIDENCE: lambda _, detail: f"Document of an officer: {detail.get('name')}{_about_item(detail)}",
    Kind.DOCUMENT_REFUSED: lambda _, detail: f"Document refused, because it is infected: {detail.get('name')}",
    Kind.DOCUMENTS_GIVEN: lambda _, detail: f"The party answers the request for documents: {detail.get('words')}",
    Kind.REQUESTED: lambda _, detail: _with_reason(f"Asked for {detail.get('kind')}", detail),
    Kind.ANSWERED: lambda _, detail: f"The {detail.get('kind')} is {detail.get('answer')}",
    Kind.CANCELLED: lambda _, detail: _with_reason("Cancelled", detail),
    Kind.AMENDED: lambda _, __: "Amended: a new version replaces the one before",
    Kind.MILESTONE: lambda _, detail: f"Reported: {detail.get('milestone')}",
    Kind.LAPSED: lambda _, __: "Lapsed: the goods did not arrive in time",
    Kind.INSPECTION_ORDERED: lambda _, __: "An inspection is ordered",
    Kind.SLOT_WISHED: lambda _, detail: _with_reason("The party asks for another time of the inspection", detail),
    Kind.SLOT_MOVED: lambda _, detail: _with_reason("The inspection is moved", detail),
    Kind.CONTROL_RECORDED: lambda agencies, detail: (
        f"{_agency_name(agencies, detail.get('agency'))} records the control {detail.get('control')}:"
        f" {detail.get('recorded')}"
    ),
    Kind.OVERRIDE_ASKED: lambda agencies, detail: _with_reason(
        f"{_agency_name(agencies, detail.get('agency'))} asks for an override: {detail.get('result')}", detail
    ),
    Kind.OVERRIDE_ANSWERED: lambda _, detail: (
        f"A second person {'agrees to' if detail.get('agreed') else 'refuses'} the override"
    ),
    Kind.ITEMS_ENDED: _items_ended,
    Kind.INSPECTION_ENDED: lambda _, __: "The inspection has ended",
    Kind.OVERDUE: lambda _, detail: f"Overdue: {detail.get('was')}",
}


def agencies_asked(
    agencies: Agencies, routing: Iterable[Routing], answered: Mapping[str, ClosedQuestion]
) -> list[AgencyAsked]:
    """The agencies that were asked about a version, and which of them have answered."""
    asked = [entry for entry in routing if entry.asked or entry.agency in answered]
    return [_agency_asked(agencies, entry, answered.get(entry.agency)) for entry in asked]


def _agency_asked(agencies: Agencies, entry: Routing, answer: ClosedQuestion | None) -> AgencyAsked:
    itself = answer is not None and answer.answer == Answer.ASSESSED  # a question closed by its deadline has no answer
    return AgencyAsked(
        agency=entry.agency,
        name=_agency_name(agencies, entry.agency),
        answered=itself,
        answered_at=iso(answer.answered_at) if answer is not None and itself else None,
        reason=entry.reason,
        answer=None if answer is None else answer.answer,
        lane=None if answer is None else answer.lane,
        trial=[] if answer is None else _trial_words(answer),
    )


def _trial_words(answer: ClosedQuestion) -> list[str]:
    trial = answer.assessment.trial
    return [] if trial is UNSET else trial_for_auditor(trial)


def agencies_not_asked(
    agencies: Agencies, routing: Iterable[Routing], answered: Mapping[str, ClosedQuestion]
) -> list[AgencyNotAsked]:
    """The agencies that were not asked, each with the stored reason."""
    entries = [entry for entry in routing if not entry.asked and entry.agency not in answered]
    return [AgencyNotAsked(entry.agency, _agency_name(agencies, entry.agency), entry.reason) for entry in entries]
