"""Milestones: what others know about the goods, recorded with its own time beside ours.

A milestone is never changed: a correction is another event, and studies use the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from singlewindow.access.keys import Caller
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import detailed
from singlewindow.clearance.life.reporters import Reported, lock_for_report, oldest_report
from singlewindow.clearance.news import News, news_of, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.declarations.model import first_text
from singlewindow.life_cycle.deadlines import EXPORT
from singlewindow.life_cycle.machine import NotPossible, State, Step, transition
from singlewindow.life_cycle.milestones import Milestone, Report, Unlikely, check_moment
from singlewindow.life_cycle.news import LEFT, Detail
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event
from singlewindow.times import iso


@dataclass(frozen=True)
class Receipt:
    """The milestone as recorded at `recorded_at`; `replayed` if it was reported before."""

    mrn: str
    state: State
    recorded_at: int
    replayed: bool = False


def report_milestone(context: ClearanceContext, mrn: str, caller: Caller, report: Report) -> Receipt | None:
    """Record a milestone; None if there is no such declaration of this caller's. The same again changes nothing.

    Raises Unlikely, and NotPossible for an exit of goods that are not released.
    """
    with changing(context.engine) as connection:
        found = lock_for_report(connection, mrn, caller)
        if found is None:
            return None
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        check_moment(report.happened_at, transaction.now, oldest_report(context))
        return _earlier(transaction, found.version, report) or _record(transaction, found, caller, report)


def _earlier(transaction: Transaction, version: LockedVersion, report: Report) -> Receipt | None:
    """The receipt of the same report, if it is the last about its milestone: a correction can be corrected back."""
    trail = events.of_declaration(transaction.connection, version.declaration_id)
    about = [each for each in trail
             if each.kind is events.Kind.MILESTONE and each.detail["milestone"] == report.milestone]  # fmt: skip
    same = bool(about) and msgspec.convert(about[-1].detail, Report) == report
    return Receipt(version.mrn, version.state, about[-1].at, replayed=True) if same else None


def _check_order(transaction: Transaction, version: LockedVersion, report: Report) -> None:
    """Goods cannot have left before they arrived."""
    trail = events.of_declaration(transaction.connection, version.declaration_id)
    arrived = next((each.detail["happened_at"] for each in trail if each.kind is events.Kind.ARRIVED), None)
    if arrived is not None and report.happened_at < arrived:
        raise Unlikely(f"The goods arrived at {iso(arrived)}, and cannot have left before.")


def _record(transaction: Transaction, found: Reported, caller: Caller, report: Report) -> Receipt:
    version, detail = found.version, msgspec.to_builtins(report)
    event = Event(transaction.now, events.Kind.MILESTONE, caller.actor, version.version_id, detail)
    if report.milestone is not Milestone.EXITED or version.state is State.EXITED:
        publish(transaction, [News((event,))])
        return Receipt(version.mrn, version.state, transaction.now)
    transition(version.state, Step.EXITED, found.actor)
    if not version.type_code.startswith(EXPORT):
        raise NotPossible(version.state, Step.EXITED, found.actor, "Only the goods of an export leave the country.")
    _check_order(transaction, version, report)
    move = transaction.move(version, Step.EXITED)
    declarations.enter_state(transaction.connection, move)
    office = first_text(found.content, "ExitOffice/ID") or ""
    gone = Detail(status=LEFT, happened_at=report.happened_at, office=office)
    told = news_of(transaction, version, move, event, "ended")
    publish(transaction, [told._replace(notices=tuple(detailed(each, gone) for each in told.notices))])
    return Receipt(version.mrn, move.state, transaction.now)
