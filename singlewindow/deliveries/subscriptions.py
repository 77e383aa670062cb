"""The commands about subscriptions: subscribe, unsubscribe, replace the secret, ask for a test, try again.

Each is one transaction.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine

from singlewindow.access.keys import Caller
from singlewindow.clearance.transaction import changing
from singlewindow.deliveries.messages import name_of_challenge, name_of_test
from singlewindow.deliveries.receivers import Allowed, read_url
from singlewindow.deliveries.signing import new_secret
from singlewindow.storage import streams
from singlewindow.storage.deliveries import subscriptions, waiting
from singlewindow.storage.deliveries.subscriptions import Owner, Subscription
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id
from singlewindow.storage.trail import events
from singlewindow.times import MICROSECONDS

MOST: Final = 10
"""Most subscriptions of one owner."""
MOST_SECRETS: Final = 5
OVERLAP: Final = 86_400 * MICROSECONDS
"""How long a secret that was replaced goes on signing beside the new one."""


class SubscriptionConflict(Exception):  # noqa: N818 - an answer to the subscriber
    """What is asked for does not fit what there is."""


class Made(NamedTuple):
    """A subscription and its secret, which nobody is shown again."""

    subscription: Subscription
    secret: bytes


class Replaced(NamedTuple):
    """A new secret, and until when those before sign as well (microseconds)."""

    secret: bytes
    others_until: int


def owner_of(caller: Caller) -> Owner:
    """Whose stream a caller may have sent to itself: its agency's feed, or its party's notices."""
    if caller.agency is not None:
        return Owner(agency=caller.agency)
    return Owner(party=caller.party, broker=caller.own_party if caller.acts_for_another else "")


def subscribe(engine: Engine, caller: Caller, url: str, allowed: Allowed, after: int | None = None) -> Made:
    """Have what comes after a number of the caller's stream sent to a URL; without a number, what comes from now on.

    Raises NotCallable for a URL that is not called, and SubscriptionConflict.
    """
    read_url(url, allowed)
    owner, subscription_id, secret = owner_of(caller), new_id(), new_secret()
    with changing(engine) as connection:
        now = clock(connection)
        made = Subscription(
            subscription_id, owner.stream, owner.party, owner.agency, owner.broker, caller.key_id, url, now,
            position=after or 0, due_at=now,
        )  # fmt: skip
        if not subscriptions.add_subscription(connection, made):
            raise SubscriptionConflict("You have a subscription with this URL already. List them, and end it first.")
        subscriptions.add_secret(connection, new_id(), subscription_id, secret)
        _record(connection, caller, events.Kind.SUBSCRIBED, made, url=url)
        end = streams.lock_end(connection, owner.stream)  # so that two callers count one after the other
        if len(subscriptions.list_subscriptions(connection, owner)) > MOST:
            raise SubscriptionConflict(f"You have {MOST} subscriptions, which is the most. End one first.")
        if after is None:
            made = made._replace(position=end)
            subscriptions.set_subscription(connection, subscription_id, position=end)
    return Made(made, secret)


def unsubscribe(engine: Engine, caller: Caller, subscription_id: int) -> bool:
    """End a subscription and forget what was to be sent; False if the caller has no such one."""
    with changing(engine) as connection:
        found = subscriptions.lock_subscription(connection, subscription_id, owner_of(caller))
        if found is None:
            return False
        subscriptions.remove_subscription(connection, subscription_id)
        _record(connection, caller, events.Kind.UNSUBSCRIBED, found)
    return True


def rotate_secret(engine: Engine, caller: Caller, subscription_id: int) -> Replaced | None:
    """A new secret; those before sign for another day. None if the caller has no such subscription.

    Raises SubscriptionConflict if too many are live.
    """
    with changing(engine) as connection:
        found = subscriptions.lock_subscription(connection, subscription_id, owner_of(caller))
        if found is None:
            return None
        now = clock(connection)
        if len(subscriptions.live_secrets(connection, subscription_id, now)) >= MOST_SECRETS:
            raise SubscriptionConflict(f"{MOST_SECRETS} secrets sign already. Wait until one of them has ended.")
        subscriptions.expire_secrets(connection, subscription_id, now, now + OVERLAP)
        secret = new_secret()
        subscriptions.add_secret(connection, new_id(), subscription_id, secret)
        _record(connection, caller, events.Kind.SECRET_ROTATED, found)
    return Replaced(secret, now + OVERLAP)


def ask_for_test(engine: Engine, caller: Caller, subscription_id: int) -> str | None:
    """Have a test sent at once, or the challenge to a receiver that has not proven itself; the id of the message.

    None if the caller has no such subscription; raises SubscriptionConflict if it has ended.
    """
    with changing(engine) as connection:
        found = subscriptions.lock_subscription(connection, subscription_id, owner_of(caller))
        if found is None:
            return None
        if found.ended_at is not None:
            raise SubscriptionConflict(f"This subscription has ended. {found.problem}.")
        test_id = new_id()
        subscriptions.set_subscription(connection, subscription_id, test_id=test_id)
    return name_of_challenge(subscription_id) if found.proven_at is None else name_of_test(subscription_id, test_id)


def retry_now(engine: Engine, subscription_id: int) -> bool:
    """Let everything that waits of a subscription be due, for an operator; False if nothing can be sent to it."""
    with changing(engine) as connection:
        found = subscriptions.lock_subscription(connection, subscription_id, None)
        if found is None or found.ended_at is not None:
            return False
        now = clock(connection)
        waiting.hurry(connection, subscription_id, now)
        subscriptions.set_subscription(connection, subscription_id, due_at=now)
        subject = events.about_subscription(subscription_id)
        events.record_command(connection, now, events.Kind.RETRIED, subject, {"stream": found.stream})
    return True


def _record(connection: Connection, caller: Caller, kind: events.Kind, about: Subscription, **more: Any) -> None:
    detail = {"stream": about.stream, "key_id": caller.key_id, **more}
    subject = events.about_subscription(about.id)
    events.record(connection, [events.Event(clock(connection), kind, caller.actor, subject, detail)])
