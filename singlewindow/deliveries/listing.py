"""What subscribers read: their subscriptions, and the attempts of late."""

from __future__ import annotations

from sqlalchemy import Engine

from singlewindow.access.keys import Caller
from singlewindow.deliveries.shapes import (
    AttemptPage,
    AttemptShown,
    SubscriptionPage,
    SubscriptionShown,
    SubscriptionState,
)
from singlewindow.deliveries.subscriptions import owner_of
from singlewindow.storage.deliveries import attempts, subscriptions, waiting
from singlewindow.storage.deliveries.attempts import Attempt
from singlewindow.storage.deliveries.subscriptions import Owner, Subscription
from singlewindow.storage.engine.row_security import Reader, of_agency, of_party, reading_as
from singlewindow.times import iso


def read_subscriptions(engine: Engine, caller: Caller) -> SubscriptionPage:
    """The caller's subscriptions."""
    owner = owner_of(caller)
    with reading_as(engine, _reader_of(owner)) as connection:
        found = subscriptions.list_subscriptions(connection, owner)
        counts = waiting.count_waiting(connection, [each.id for each in found])
    return SubscriptionPage([_subscription_shown(each, counts.get(each.id, 0)) for each in found])


def read_attempts(engine: Engine, caller: Caller, subscription_id: int) -> AttemptPage | None:
    """The last attempts of one of the caller's subscriptions; None if it has no such one."""
    owner = owner_of(caller)
    with reading_as(engine, _reader_of(owner)) as connection:
        if all(each.id != subscription_id for each in subscriptions.list_subscriptions(connection, owner)):
            return None
        return AttemptPage([_attempt_shown(each) for each in attempts.list_attempts(connection, subscription_id)])


def _reader_of(owner: Owner) -> Reader:
    return of_agency(owner.agency) if owner.agency is not None else of_party(owner.party or "")


def state_of(subscription: Subscription) -> tuple[SubscriptionState, int]:
    """The state of a subscription, and since when."""
    moments = {
        SubscriptionState.ENDED: subscription.ended_at,
        SubscriptionState.SUSPENDED: subscription.suspended_at,
        SubscriptionState.UNPROVEN: subscription.created_at if subscription.proven_at is None else None,
        SubscriptionState.BLOCKED: subscription.blocked_at,
        SubscriptionState.ACTIVE: subscription.proven_at,
    }
    return next((state, since) for state, since in moments.items() if since is not None)


def _subscription_shown(row: Subscription, waits: int) -> SubscriptionShown:
    state, since = state_of(row)
    return SubscriptionShown(
        subscription=str(row.id),
        url=row.url,
        stream=row.stream,
        state=state,
        since=iso(since) or "",
        problem=row.problem,
        position=row.position,
        waiting=waits,
        undelivered=row.undelivered,
        giving_up_since=iso(row.undelivered_at),
        created_at=iso(row.created_at) or "",
    )


def _attempt_shown(row: Attempt) -> AttemptShown:
    return AttemptShown(
        message=row.message,
        attempted_at=iso(row.attempted_at) or "",
        milliseconds=row.milliseconds,
        status=row.status,
        accepted=not row.problem,
        problem=row.problem,
        next_at=iso(row.next_at),
    )
