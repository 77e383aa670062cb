"""The event trail and the agencies in words: all of it for the auditor, for the trader what gives no tactics away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import UNSET

from singlewindow.agencies.routing import Routing
from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.assessment import Answer
from singlewindow.decisions.words import trial_for_auditor
from singlewindow.enquiries.shapes import AgencyStanding, Happening, NotAsked
from singlewindow.storage.assessments import ClosedQuestion
from singlewindow.storage.events import Event, Kind
from singlewindow.times import iso

# Who is asked and who has answered can tell a trader what is suspected: it learns the first step and the last.
FOR_TRADERS = frozenset({Kind.LODGED, Kind.DECIDED})


def happenings(context: ClearanceContext, trail: Iterable[Event], everything: bool) -> list[Happening]:
    """The events of a version, oldest first, each in a sentence."""
    return [_happening(context, event, everything) for event in trail if everything or event.kind in FOR_TRADERS]


def _happening(context: ClearanceContext, event: Event, everything: bool) -> Happening:
    if not everything and event.kind is Kind.LODGED:
        return Happening(at=iso(event.at) or "", text="Lodged and accepted")
    text = _SENTENCES.get(event.kind, _recorded)(context, event)
    if not everything:
        return Happening(at=iso(event.at) or "", text=text)
    return Happening(at=iso(event.at) or "", text=text, kind=event.kind, actor=event.actor, detail=event.detail)


def _name(context: ClearanceContext, code: object) -> str:
    agency = context.agencies.get(str(code))
    return agency.name if agency else str(code)


def _lodged(context: ClearanceContext, event: Event) -> str:
    asked = ", ".join(_name(context, code) for code in event.detail.get("asked", []))
    return f"Lodged and accepted; asked: {asked or 'nobody'}"


def _assessed(context: ClearanceContext, event: Event) -> str:
    return f"{_name(context, event.detail.get('agency'))} has answered"


def _unanswered(context: ClearanceContext, event: Event) -> str:
    if event.detail.get("answer") == Answer.REPLACED:
        return f"{_name(context, event.detail.get('agency'))} had not answered when it was asked again"
    return f"{_name(context, event.detail.get('agency'))} has not answered in time"


def _late(context: ClearanceContext, event: Event) -> str:
    lane = event.detail.get("lane")
    return (
        f"{_name(context, event.detail.get('agency'))} answered ({lane}) after the question was closed; nothing changes"
    )


def _contradicted(context: ClearanceContext, event: Event) -> str:
    lane = event.detail.get("lane")
    return f"{_name(context, event.detail.get('agency'))} sent another answer ({lane}); the first stands"


def _parked(context: ClearanceContext, event: Event) -> str:
    return f"{_name(context, event.detail.get('agency'))} could not be asked; its deadline decides"


def _retried(context: ClearanceContext, event: Event) -> str:
    return f"{_name(context, event.detail.get('agency'))} is asked again, as the operator wished"


def _asked_again(context: ClearanceContext, event: Event) -> str:
    return f"Asked again: {', '.join(_name(context, code) for code in event.detail.get('rounds', {}))}"


def _decided(_context: ClearanceContext, event: Event) -> str:
    controls = ", ".join(event.detail.get("controls", []))
    return f"Decided: {event.detail.get('outcome')}{f' ({controls})' if controls else ''}"


def _recorded(_context: ClearanceContext, event: Event) -> str:
    return f"Recorded: {event.kind}"


_SENTENCES: Mapping[Kind, Callable[[ClearanceContext, Event], str]] = {
    Kind.LODGED: _lodged,
    Kind.ASSESSED: _assessed,
    Kind.UNANSWERED: _unanswered,
    Kind.LATE: _late,
    Kind.CONTRADICTED: _contradicted,
    Kind.PARKED: _parked,
    Kind.RETRIED: _retried,
    Kind.ASKED_AGAIN: _asked_again,
    Kind.DECIDED: _decided,
}


def agencies_asked(
    context: ClearanceContext, routing: Iterable[Routing], answered: Mapping[str, ClosedQuestion]
) -> list[AgencyStanding]:
    """The agencies that were asked about a version, and which of them have answered."""
    asked = [entry for entry in routing if entry.asked or entry.agency in answered]
    return [_standing(context, entry, answered.get(entry.agency)) for entry in asked]


def _standing(context: ClearanceContext, entry: Routing, answer: ClosedQuestion | None) -> AgencyStanding:
    itself = answer is not None and answer.answer == Answer.ASSESSED  # a question closed by its deadline has no answer
    return AgencyStanding(
        agency=entry.agency,
        name=_name(context, entry.agency),
        answered=itself,
        answered_at=iso(answer.answered_at) if answer is not None and itself else None,
        reason=entry.reason,
        answer=None if answer is None else answer.answer,
        lane=None if answer is None else answer.lane,
        trial=[] if answer is None else _tried(answer),
    )


def _tried(answer: ClosedQuestion) -> list[str]:
    trial = answer.assessment.trial
    return [] if trial is UNSET else trial_for_auditor(trial)


def agencies_not_asked(
    context: ClearanceContext, routing: Iterable[Routing], answered: Mapping[str, ClosedQuestion]
) -> list[NotAsked]:
    """The agencies that were not asked, each with the stored reason."""
    entries = [entry for entry in routing if not entry.asked and entry.agency not in answered]
    return [NotAsked(entry.agency, _name(context, entry.agency), entry.reason) for entry in entries]
