"""Arrival: the goods of a declaration that was lodged in advance are presented.

What was seen and is not as declared counts as an answer of the service itself, which asks for an inspection: so goods
that were to be released on arrival are decided anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.decide import decide
from singlewindow.clearance.life.own_answers import border_answer
from singlewindow.clearance.life.reporters import Reported, lock_for_report, oldest_report
from singlewindow.clearance.news import NO_NEWS, news_of
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.arrival import Arrival, differences
from singlewindow.life_cycle.machine import State, Step, transition
from singlewindow.life_cycle.milestones import check_moment
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event


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
    """Record an arrival, once; None if there is no such declaration of this caller's.

    Raises Unlikely for its moment, and NotPossible.
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
        if event.kind is events.Kind.ARRIVED and msgspec.convert(event.detail["arrival"], Arrival) == arrival:
            found = tuple(event.detail["differences"])
            return Receipt(version.mrn, version.number, version.state, event.at, found, replayed=True)
    return None


def _record(transaction: Transaction, reported: Reported, caller: Caller, arrival: Arrival) -> Receipt:
    version, connection = reported.version, transaction.connection
    transition(version.state, Step.ARRIVED, reported.actor)
    found = tuple(differences(reported.content, arrival))
    against = NO_NEWS
    if found:
        against = border_answer(transaction, version.version_id, found)
        version = _reopened(transaction, version)
    move = transaction.move(version, Step.ARRIVED)
    declarations.enter_state(connection, move)
    happened_at = transaction.now if arrival.happened_at is None else arrival.happened_at
    detail = {"happened_at": happened_at, "arrival": msgspec.to_builtins(arrival), "differences": list(found)}
    event = Event(transaction.now, events.Kind.ARRIVED, caller.actor, version.version_id, detail)
    news = against | news_of(transaction, version, move, event, "arrived")
    decide(transaction, [version._replace(stored_state=move.state)], news)
    return Receipt(version.mrn, version.number, move.state, transaction.now, found)


def _reopened(transaction: Transaction, version: LockedVersion) -> LockedVersion:
    """The version, undecided: what was seen must count."""
    if version.decided_at is None:
        return version
    move = transaction.move(version, Step.ASKED_AGAIN)
    declarations.reopen(transaction.connection, move)
    return version._replace(
        stored_state=move.state, decided_at=None, decision_number=version.decision_number + 1, outcome=None
    )
