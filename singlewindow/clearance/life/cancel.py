"""Cancelling: granted at once before an inspection, by an officer later."""

from __future__ import annotations

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import detailed
from singlewindow.clearance.inspecting.supersede import found_in_inspection
from singlewindow.clearance.life.requests import Granted, Receipt, RequestMade, answer
from singlewindow.clearance.life.withdraw import end_version
from singlewindow.clearance.news import news_of
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.machine import Actor, NotPossible, Step
from singlewindow.life_cycle.news import Detail
from singlewindow.storage import declarations
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.requests import Request
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event


def cancel(context: ClearanceContext, asked: RequestMade) -> Receipt | None:
    """Answer a request to cancel; None if there is no such declaration of the caller's party.

    Raises NewerVersion or StillOpen; nothing is stored then.
    """
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, asked.mrn, asked.caller.party)
        if version is None:
            return None
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        return answer(transaction, version, asked, carry_out)


def carry_out(transaction: Transaction, version: LockedVersion, granted: Request) -> Granted:
    """Cancel a (locked) version as granted; raises NotPossible if officers have found something, or released items."""
    if found_in_inspection(transaction, version):
        why = "Officers have found something that does not conform, or have said what becomes of items of it."
        raise NotPossible(version.state, Step.CANCELLED, Actor.OFFICER, why)
    move = transaction.move(version, Step.CANCELLED)
    end_version(transaction, version, move)
    detail = {"request": str(granted.id), "reason": granted.reason}
    event = Event(transaction.now, events.Kind.CANCELLED, granted.actor, version.version_id, detail)
    told = news_of(transaction, version, move, event, "ended")
    notices = tuple(detailed(each, Detail(words=granted.reason)) for each in told.notices)
    return Granted(told._replace(notices=notices))
