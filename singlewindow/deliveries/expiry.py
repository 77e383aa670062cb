"""Gives up what could not be delivered for fourteen days: it stays in the stream, and its owner is told once."""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import Connection, Engine

from singlewindow.clearance.transaction import changing
from singlewindow.deliveries.schedule import KEPT
from singlewindow.storage import counters, streams
from singlewindow.storage.deliveries import subscriptions, waiting
from singlewindow.storage.deliveries.subscriptions import Subscription, Taken
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.trail import events

log = logging.getLogger(__name__)

ALERT: Final = "undeliverable: what subscription %d could not be sent for 14 days is given up; its owner can read it"


def give_up_old(engine: Engine, taken: Taken) -> Taken:
    """Give up the messages of a subscription that are too old; returns it as it then is.

    Those that were published before the subscription was made are as old as the subscription.
    """
    subscription, cutoff = taken.subscription, taken.now - KEPT
    if subscription.created_at >= cutoff:
        return taken
    with reading(engine) as connection:
        if not _has_older(connection, subscription, cutoff):
            return taken
    with changing(engine) as connection:
        stored = subscriptions.lock_taken(connection, subscription.id, taken.lease)
        return taken if stored is None else taken._replace(subscription=_give_up(connection, stored, cutoff))


def _has_older(connection: Connection, subscription: Subscription, cutoff: int) -> bool:
    oldest = waiting.oldest(connection, subscription.id)
    return (oldest is not None and oldest < cutoff) or _last_before(connection, subscription, cutoff) is not None


def _last_before(connection: Connection, subscription: Subscription, cutoff: int) -> int | None:
    first = subscription.position + 1
    if subscription.party is not None:
        return streams.last_notice_before(connection, subscription.party, first, cutoff)
    return streams.last_entry_before(connection, subscription.agency or "", first, cutoff)


def _give_up(connection: Connection, stored: Subscription, cutoff: int) -> Subscription:
    position = _last_before(connection, stored, cutoff) or stored.position
    count = position - stored.position + waiting.remove_older(connection, stored.id, cutoff)
    now = clock(connection)
    if stored.undelivered_at is None:
        log.warning(ALERT, stored.id)
        detail = {"stream": stored.stream, "messages": count}
        subject = events.about_subscription(stored.id)
        events.record(connection, [events.Event(now, events.Kind.UNDELIVERABLE, events.SYSTEM, subject, detail)])
    counters.add_counts(connection, [counters.delivered_total(counters.GIVEN_UP)] * count)
    since, given_up = stored.undelivered_at or now, stored.undelivered + count
    subscriptions.set_subscription(connection, stored.id, position=position, undelivered=given_up, undelivered_at=since)
    return stored._replace(position=position, undelivered=given_up, undelivered_at=since)
