"""What happens if nothing happens: parties are warned, declarations lapse, and what waits is spoken of again.

Any number of copies may run: each passes over what another has locked. The database's clock decides.
"""

from __future__ import annotations

from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding.announce import detailed, new_notice
from singlewindow.clearance.inspecting.order_inspection import order_inspection, waits_for_order
from singlewindow.clearance.life.requests import RequestOutcome, outcome_news, write_answer
from singlewindow.clearance.life.withdraw import end_version
from singlewindow.clearance.news import NO_NEWS, News, news_of, publish
from singlewindow.clearance.transaction import Transaction, changing
from singlewindow.life_cycle.machine import EXPECTED, State, Step
from singlewindow.life_cycle.news import REGISTERED, Detail
from singlewindow.storage import declarations, requests
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event

SWEEP_SIZE = 200
UNANSWERED = "No officer has answered in time. If you still want it, send it again under a new reference."
WARNING = "The goods have not arrived. If their arrival is not reported by this time, the declaration lapses."


def pass_deadlines(context: ClearanceContext) -> int:
    """Do what is due about the states of declarations and about requests; returns for how many."""
    return _pass_states(context) + _refuse_unanswered(context)


def _refuse_unanswered(context: ClearanceContext) -> int:
    """Refuse the requests that no officer has answered in time."""
    with reading(context.engine) as connection:
        overdue = requests.overdue_requests(connection, clock(connection), SWEEP_SIZE)
    return sum(_refuse(context, mrn, request_id) for mrn, request_id in overdue)


def _refuse(context: ClearanceContext, mrn: str, request_id: int) -> bool:
    with changing(context.engine) as connection:
        version = declarations.lock_newest(connection, mrn, None)
        waiting = None if version is None else requests.open_request(connection, version.declaration_id)
        if version is None or waiting is None or waiting.id != request_id:
            return False
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        stored = write_answer(transaction, waiting, RequestOutcome.REFUSED, events.SYSTEM, UNANSWERED)
        publish(transaction, [outcome_news(transaction, version, stored)])
        return True


def _pass_states(context: ClearanceContext) -> int:
    with reading(context.engine) as connection:
        due = declarations.find_due(connection, clock(connection), SWEEP_SIZE)
    if not due:
        return 0
    with changing(context.engine) as connection:
        versions = declarations.lock_versions(connection, due, skip_locked=True)
        transaction = Transaction(connection, context.rulebooks, clock(connection))
        still = [each for each in versions if each.due_at is not None and each.due_at < transaction.now]
        unordered = [each.version_id for each in still if waits_for_order(each, transaction.now)]
        ended = [each for each in still if each.version_id not in unordered]
        publish(transaction, [_pass(transaction, version) for version in ended])
    # Each order in a transaction of its own: none waits for a slot with others' locks in hand.
    return len(ended) + sum(order_inspection(context, version_id) for version_id in unordered)


def _pass(transaction: Transaction, version: LockedVersion) -> News:
    if version.stored_state != version.state:
        return _catch_up(transaction, version)
    if version.state in EXPECTED and (version.state_until or 0) >= transaction.now:
        return _warn(transaction, version)
    move = transaction.move(version, Step.DEADLINE_PASSED)
    if move.state is State.LAPSED:
        end_version(transaction, version, move)
        return _news(transaction, version, move, events.Kind.LAPSED)
    # The exit is asked for once, with a term: the goods are released, whatever the answer.
    lasts = move._replace(until=None, due_at=None) if move.state is State.RELEASED else move
    declarations.enter_state(transaction.connection, lasts)
    return _news(transaction, version, move, events.Kind.OVERDUE)


def _catch_up(transaction: Transaction, version: LockedVersion) -> News:
    """A process of the release before has decided it: what was due is over, and the present state begins to last."""
    move = transaction.enter(version, Step.DEADLINE_PASSED, version.state)
    declarations.enter_state(transaction.connection, move)
    return NO_NEWS


def _warn(transaction: Transaction, version: LockedVersion) -> News:
    limit = version.state_until
    move = Move(version.version_id, Step.DEADLINE_PASSED, version.state, limit, limit)
    declarations.enter_state(transaction.connection, move)
    notice = new_notice(version.party, version.version_id, REGISTERED, transaction.now)
    return News((), (detailed(notice, Detail(words=WARNING, limit=limit)),))


def _news(transaction: Transaction, version: LockedVersion, move: Move, kind: events.Kind) -> News:
    event = Event(transaction.now, kind, events.SYSTEM, version.version_id, {"was": str(version.state)})
    if move.state is State.LAPSED:
        return news_of(transaction, version, move, event, "ended")
    news = news_of(transaction, version, move, event, "overdue")
    return news._replace(feed=()) if move.state is State.RELEASED else news
