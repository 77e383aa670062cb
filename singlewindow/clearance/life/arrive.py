"""Arrival: the goods of a declaration are presented, and those who handle them report what they see.

What was seen and is not as declared counts as an answer of the service itself, which asks for an inspection: so goods
that were to be released, or have been, are decided anew. Until then the declaration is under review.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.inspecting.supersede import reopen
from singlewindow.clearance.life.own_answers import border_answer, differences_known
from singlewindow.clearance.life.reporters import Reported, lock_for_report, oldest_report
from singlewindow.clearance.news import News, news_of, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.arrival import Arrival, differences
from singlewindow.life_cycle.deadlines import presentation_of
from singlewindow.life_cycle.machine import (
    EXPECTED,
    FINAL,
    TRANSITIONS,
    NotPossible,
    Presentation,
    State,
    Step,
    transition,
)
from singlewindow.life_cycle.milestones import check_moment
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

REPORTS = (events.Kind.ARRIVED, events.Kind.REPORTED)


@dataclass(frozen=True)
class Receipt:
    """The arrival as recorded at `recorded_at`; `replayed` if it was reported before."""

    mrn: str
    version: int
    state: State
    recorded_at: int
    differences: tuple[str, ...]
    replayed: bool = False


def arrive(context: ClearanceContext, mrn: str, caller: Caller, arrival: Arrival) -> Receipt | None:
    """Record a report, once; None if there is no such declaration of this caller's.

    The first report presents goods that were declared in advance; what is seen of them later is recorded too, and
    counts if it is not as declared. Raises Unlikely for its moment, and NotPossible.
    """
    with changing(context.engine) as connection:
        found = lock_for_report(connection, mrn, caller)
        if found is None:
            return None
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        if arrival.happened_at is not None:
            check_moment(arrival.happened_at, transaction.now, oldest_report(context))
        return _earlier(transaction, found.version, arrival) or _record(transaction, found, caller, arrival)


def _earlier(transaction: Transaction, version: LockedVersion, arrival: Arrival) -> Receipt | None:
    """The receipt of the same report, if it was made before."""
    for event in events.of_declaration(transaction.connection, version.declaration_id):
        if event.kind in REPORTS and msgspec.convert(event.detail["arrival"], Arrival) == arrival:
            found, state = tuple(event.detail["differences"]), State(event.detail.get("state") or event.detail["stood"])
            return Receipt(version.mrn, version.number, state, event.at, found, replayed=True)
    return None


def _record(transaction: Transaction, reported: Reported, caller: Caller, arrival: Arrival) -> Receipt:
    version, found = reported.version, tuple(differences(reported.content, arrival))
    profile = transaction.rulebooks.profile_of(version.country)
    if presentation_of(version.type_code, profile) is Presentation.NEVER:
        raise NotPossible(version.state, Step.ARRIVED, reported.actor, "It was lodged after the release of the goods.")
    expected = version.state in EXPECTED
    unknown = {*found} - differences_known(transaction, version.version_id) if found else set()
    counts = bool(unknown) and (version.state, Step.SEEN_OTHERWISE) in TRANSITIONS
    if counts or expected:
        transition(version.state, Step.SEEN_OTHERWISE if counts else Step.ARRIVED, reported.actor)
    elif not _adds_something(version.state, arrival):
        raise NotPossible(version.state, Step.ARRIVED, reported.actor)
    happened_at = transaction.now if arrival.happened_at is None else arrival.happened_at
    detail = {"happened_at": happened_at, "arrival": msgspec.to_builtins(arrival), "differences": list(found)}
    kind = events.Kind.ARRIVED if expected else events.Kind.REPORTED
    event = Event(transaction.now, kind, caller.actor, version.version_id, detail)
    if counts:
        state = _count_against(transaction, version, found, event)
    elif expected:
        move = transaction.move(version, Step.ARRIVED)
        declarations.enter_state(transaction.connection, move)
        decide(transaction, [version._replace(stored_state=move.state)],
               news_of(transaction, version, move, event, "arrived"))  # fmt: skip
        state = move.state
    else:
        publish(transaction, [News((event._replace(detail=detail | {"stood": str(version.state)}),))])
        state = version.state
    return Receipt(version.mrn, version.number, state, transaction.now, found)


def _adds_something(state: State, arrival: Arrival) -> bool:
    """Whether a further report says what was seen of goods that are there, or were."""
    return state not in FINAL and not (arrival.transport is None and arrival.containers is None)


def _count_against(transaction: Transaction, version: LockedVersion, found: tuple[str, ...], event: Event) -> State:
    """What was seen counts against a release: the version is decided anew, with it."""
    against = border_answer(transaction, version.version_id, found)
    move = transaction.move(version, Step.SEEN_OTHERWISE)
    if version.decided_at is None:
        declarations.enter_state(transaction.connection, move)
        moved = version._replace(stored_state=move.state)
    else:
        reopen(transaction, version, move)
        moved = version._replace(
            stored_state=move.state, decided_at=None, decision_number=version.decision_number + 1, outcome=None
        )
    news = news_of(transaction, version, move, event, "arrived")
    decide(transaction, [moved], against | news)
    return move.state
