"""Writes down what became of a turn, in one transaction, if its lease still holds."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine

from singlewindow.clearance.transaction import changing
from singlewindow.deliveries.messages import Message
from singlewindow.deliveries.parcel import Parcel
from singlewindow.deliveries.schedule import PROVE_WITHIN, Health, is_gone, pause_after
from singlewindow.deliveries.send import Attempted
from singlewindow.storage import counters
from singlewindow.storage.deliveries import attempts, subscriptions, waiting
from singlewindow.storage.deliveries.attempts import Attempt
from singlewindow.storage.deliveries.subscriptions import Subscription, Taken
from singlewindow.storage.deliveries.waiting import Waiting
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.times import MICROSECONDS

log = logging.getLogger(__name__)

LOOK_AGAIN: Final = 30 * MICROSECONDS
"""How long a subscription is left alone that may not be sent anything."""
NOT_PROVEN: Final = "The receiver did not prove within a day that it belongs to the subscriber. Subscribe again"
GONE: Final = "The receiver answered 410: it wants nothing more. Subscribe again if that was a mistake"


class Delivered(NamedTuple):
    """A message that was sent, how its attempt ended, and when it began (microseconds)."""

    message: Message
    attempted: Attempted
    at: int

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it."""
        return not self.attempted.problem


class Turn(NamedTuple):
    """All that is known at the end of a turn, at the moment `now`; `retries` are by the id of the message."""

    stored: Subscription
    parcel: Parcel
    delivered: Sequence[Delivered]
    health: Health
    now: int
    retries: Mapping[str, int]


def write_down(engine: Engine, taken: Taken, parcel: Parcel, delivered: Sequence[Delivered], health: Health) -> None:
    """Write what became of a parcel; nothing if another deliverer has taken the subscription meanwhile."""
    with changing(engine) as connection:
        stored = subscriptions.lock_taken(connection, taken.subscription.id, taken.lease)
        if stored is None:
            log.warning("lease_lost: a subscription was ended or taken by another deliverer while it was served")
            return
        now = clock(connection)
        failed = (each.message for each in delivered if not each.accepted)
        retries = {message.id: now + pause_after(message.attempts + 1) for message in failed}
        turn = Turn(stored, parcel, delivered, health, now, retries)
        _write_waiting(connection, turn)
        attempts.add_attempts(connection, stored.id, [_attempt_of(turn, each) for each in delivered])
        counters.add_counts(connection, _totals(delivered))
        changed = _state(turn) | {"test_id": None if stored.test_id == taken.subscription.test_id else stored.test_id}
        subscriptions.set_subscription(connection, stored.id, lease=None, lease_until=None, **changed)


def _write_waiting(connection: Connection, turn: Turn) -> None:
    """What was accepted needs no row any more; what failed, or was not tried, waits."""
    stored, fresh = turn.stored, turn.parcel.fresh
    accepted = {each.message.number for each in turn.delivered if each.accepted}
    messages = [*(message for chain in turn.parcel.chains for message in chain if message.number), *turn.parcel.behind]
    left = [_row(turn, message) for message in messages if message.number not in accepted]
    waiting.remove_waiting(connection, stored.id, accepted - fresh)
    waiting.add_waiting(connection, [row for row in left if row.number in fresh])
    waiting.put_off(connection, [row for row in left if row.number not in fresh])
    if stored.blocked_at is not None and turn.health.blocked_at is None:
        waiting.hurry(connection, stored.id, turn.now)


def _row(turn: Turn, message: Message) -> Waiting:
    due_at = turn.retries.get(message.id)
    tried = message.attempts + (due_at is not None)
    return Waiting(turn.stored.id, message.number, message.mrn, message.published_at, tried, due_at or turn.now)


def _attempt_of(turn: Turn, done: Delivered) -> Attempt:
    message, attempted = done.message, done.attempted
    following = turn.retries.get(message.id) if message.number else None
    if following is not None:
        following = max(following, turn.health.pause_until)
    return Attempt(
        new_id(), turn.stored.id, message.id, done.at, attempted.milliseconds, attempted.status, attempted.problem,
        following,
    )  # fmt: skip


def _totals(delivered: Sequence[Delivered]) -> Iterator[str]:
    outcomes = (counters.ACCEPTED if each.accepted else counters.FAILED for each in delivered if each.message.number)
    return map(counters.delivered_total, outcomes)


def _state(turn: Turn) -> dict[str, Any]:
    """The columns that say how the subscription stands."""
    stored, now = turn.stored, turn.now
    if turn.parcel.barred:
        suspended = stored.suspended_at or now
        return {"suspended_at": suspended, "problem": turn.parcel.barred, "due_at": now + LOOK_AGAIN}
    common = {"suspended_at": None, "problem": _problem(turn)}
    if any(is_gone(each.attempted.status) for each in turn.delivered):
        return common | {"ended_at": now, "problem": GONE, "position": turn.parcel.position}
    if stored.proven_at is None:
        return common | _challenge_state(turn)
    accepted = any(each.accepted for each in turn.delivered)
    # A receiver that was sent nothing this time was not tried, and need not rest.
    due_at = turn.health.due_at(now) if turn.delivered else now
    return common | {
        "position": turn.parcel.position,
        "failures": turn.health.failures,
        "blocked_at": turn.health.blocked_at,
        "due_at": due_at,
        "undelivered_at": None if accepted else stored.undelivered_at,
    }


def _challenge_state(turn: Turn) -> dict[str, Any]:
    stored, now = turn.stored, turn.now
    if any(each.accepted for each in turn.delivered):
        return {"proven_at": now, "failures": 0, "due_at": now}
    if now >= stored.created_at + PROVE_WITHIN:
        return {"ended_at": now, "problem": NOT_PROVEN}
    failures = stored.failures + 1
    return {"failures": failures, "due_at": now + pause_after(failures)}


def _problem(turn: Turn) -> str:
    """Why the last attempt failed; as before if there was none."""
    if turn.delivered:
        return turn.delivered[-1].attempted.problem
    return "" if turn.stored.suspended_at is not None else turn.stored.problem
