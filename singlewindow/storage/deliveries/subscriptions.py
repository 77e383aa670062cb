"""Subscriptions and their secrets; a deliverer takes those that are due under a lease.

A lease has a number. Whoever writes a result names it: if another deliverer has taken the subscription since, the row
has another number, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from singlewindow.storage.deliveries.waiting import head_is_due
from singlewindow.storage.engine.bulk import insert_new_rows, is_among
from singlewindow.storage.engine.connect import statement_time
from singlewindow.storage.tables import (
    delivery,
    delivery_attempt,
    stream,
    subscription,
    subscription_secret,
)


class Owner(NamedTuple):
    """Whose stream is sent: a party's notices or an agency's feed; `broker` subscribed to them for its client."""

    party: str | None = None
    agency: str | None = None
    broker: str = ""

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return f"notice/{self.party}" if self.party else f"feed/{self.agency}"


class Subscription(NamedTuple):
    """A subscription as stored; moments in microseconds, those of a state are None while it is not in it.

    `position` is the last number of the stream that was taken over, and `undelivered` counts what was given up.
    """

    id: int
    stream: str
    party: str | None
    agency: str | None
    broker: str
    key_id: str
    url: str
    created_at: int
    position: int
    due_at: int
    proven_at: int | None = None
    suspended_at: int | None = None
    blocked_at: int | None = None
    ended_at: int | None = None
    failures: int = 0
    problem: str = ""
    test_id: int | None = None
    undelivered: int = 0
    undelivered_at: int | None = None


_SUBSCRIPTION = tuple(subscription.c[name] for name in Subscription._fields)


def add_subscription(connection: Connection, row: Subscription) -> bool:
    """Store a subscription; False if its owner has one with this URL already."""
    return bool(insert_new_rows(connection, subscription, [row._asdict()], ("stream", "broker", "url")))


def list_subscriptions(connection: Connection, owner: Owner) -> list[Subscription]:
    """An owner's subscriptions, oldest first."""
    query = select(*_SUBSCRIPTION).where(*_of_owner(owner)).order_by(subscription.c.id)
    return [Subscription(*row) for row in connection.execute(query)]


def all_subscriptions(connection: Connection) -> list[Subscription]:
    """Everybody's subscriptions, oldest first."""
    return [Subscription(*row) for row in connection.execute(select(*_SUBSCRIPTION).order_by(subscription.c.id))]


def lock_subscription(connection: Connection, subscription_id: int, owner: Owner | None) -> Subscription | None:
    """Lock a subscription, of this owner if one is named; None if there is no such one."""
    mine = () if owner is None else _of_owner(owner)
    query = select(*_SUBSCRIPTION).where(subscription.c.id == subscription_id, *mine).with_for_update()
    row = connection.execute(query).first()
    return None if row is None else Subscription(*row)


def _of_owner(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return subscription.c.stream == owner.stream, subscription.c.broker == owner.broker


def set_subscription(connection: Connection, subscription_id: int, **values: Any) -> None:
    """Set columns of a subscription."""
    connection.execute(update(subscription).where(subscription.c.id == subscription_id).values(**values))


def remove_subscription(connection: Connection, subscription_id: int) -> None:
    """Forget a subscription with all that belongs to it."""
    for table in (delivery, delivery_attempt, subscription_secret):
        connection.execute(delete(table).where(table.c.subscription_id == subscription_id))
    connection.execute(delete(subscription).where(subscription.c.id == subscription_id))


def hand_over(connection: Connection, key_id: str, successor: str) -> None:
    """Let the successor of a key have its subscriptions."""
    connection.execute(update(subscription).where(subscription.c.key_id == key_id).values(key_id=successor))


def add_secret(connection: Connection, secret_id: int, subscription_id: int, secret: bytes) -> None:
    """Store a secret without an end."""
    row = {"id": secret_id, "subscription_id": subscription_id, "secret": secret}
    connection.execute(insert(subscription_secret).values(**row))


def expire_secrets(connection: Connection, subscription_id: int, now: int, at: int) -> None:
    """Let the live secrets end at a moment, and forget those that have ended."""
    mine = subscription_secret.c.subscription_id == subscription_id
    connection.execute(delete(subscription_secret).where(mine, subscription_secret.c.expires_at <= now))
    endless = subscription_secret.c.expires_at.is_(None)
    connection.execute(update(subscription_secret).where(mine, endless).values(expires_at=at))


def live_secrets(connection: Connection, subscription_id: int, now: int) -> list[bytes]:
    """The secrets that sign at this moment, the newest first."""
    live = or_(subscription_secret.c.expires_at.is_(None), subscription_secret.c.expires_at > now)
    query = select(subscription_secret.c.secret).where(subscription_secret.c.subscription_id == subscription_id, live)
    return [bytes(row.secret) for row in connection.execute(query.order_by(subscription_secret.c.id.desc()))]


class Lane(StrEnum):
    """Which of the due subscriptions come first: those served last, or those due first; or those that fail alone."""

    RECENT = "recent"
    WAITING = "waiting"
    FAILING = "failing"


def find_due(connection: Connection, lane: Lane, most: int) -> list[int]:
    """The ids of subscriptions that have something to do now."""
    fails = subscription.c.failures > 0 if lane is Lane.FAILING else subscription.c.failures == 0
    order = subscription.c.due_at.desc() if lane is Lane.RECENT else subscription.c.due_at
    query = _ready(statement_time(connection)).where(fails).order_by(order).limit(most)
    return list(connection.execute(query).scalars())


def count_due(connection: Connection) -> int:
    """How many subscriptions have something to do now, and nobody does it."""
    ready = _ready(statement_time(connection)).subquery()
    return connection.execute(select(func.count()).select_from(ready)).scalar_one()


def _ready(now: ColumnElement[int]) -> Select[Any]:
    news = and_(subscription.c.proven_at.is_not(None), stream.c.last_number > subscription.c.position)
    work = or_(news, subscription.c.proven_at.is_(None), exists().where(*head_is_due(subscription.c.id, now)))
    ready = or_(subscription.c.test_id.is_not(None), and_(subscription.c.due_at <= now, work))
    free = or_(subscription.c.lease_until.is_(None), subscription.c.lease_until <= now)
    joined = subscription.outerjoin(stream, stream.c.name == subscription.c.stream)
    return select(subscription.c.id).select_from(joined).where(subscription.c.ended_at.is_(None), free, ready)


class Taken(NamedTuple):
    """A subscription as it was when it was taken under a lease, at the moment `now` (microseconds)."""

    subscription: Subscription
    lease: int
    now: int


def take_due(connection: Connection, ids: Iterable[int], lease: int, microseconds: int) -> list[Taken]:
    """Take those of these subscriptions that are free under a lease with this number, for so long from now."""
    now = statement_time(connection)
    free = or_(subscription.c.lease_until.is_(None), subscription.c.lease_until <= now)
    chosen = select(subscription.c.id).where(is_among(connection, subscription.c.id, ids), free)
    # Not a plain subquery: one that locks rows must run once, whatever the plan.
    locked = select(chosen.with_for_update(skip_locked=True).cte("free_ones").c.id)
    statement = update(subscription).where(subscription.c.id.in_(locked))
    values = {"lease": bindparam("new_lease"), "lease_until": now + microseconds}
    taken = statement.values(values).returning(*_SUBSCRIPTION, subscription.c.lease_until)
    rows = connection.execute(taken, {"new_lease": lease})
    return [Taken(Subscription(*row[:-1]), lease, row[-1] - microseconds) for row in rows]


def lock_taken(connection: Connection, subscription_id: int, lease: int) -> Subscription | None:
    """Lock a subscription that is still held under this lease; None if it is not."""
    mine = subscription.c.id == subscription_id, subscription.c.lease == lease
    row = connection.execute(select(*_SUBSCRIPTION).where(*mine).with_for_update()).first()
    return None if row is None else Subscription(*row)


class SubscriptionFigures(NamedTuple):
    """How many subscriptions are in each state, and how many have messages that were given up."""

    unproven: int
    active: int
    suspended: int
    blocked: int
    ended: int
    undeliverable: int


def subscription_figures(connection: Connection) -> SubscriptionFigures:
    """Count the subscriptions."""
    ended, suspended = subscription.c.ended_at.is_not(None), subscription.c.suspended_at.is_not(None)
    unproven, blocked = subscription.c.proven_at.is_(None), subscription.c.blocked_at.is_not(None)
    states = (
        and_(~ended, ~suspended, unproven), and_(~ended, ~suspended, ~unproven, ~blocked), and_(~ended, suspended),
        and_(~ended, ~suspended, ~unproven, blocked), ended, subscription.c.undelivered_at.is_not(None),
    )  # fmt: skip
    counts = (func.count().filter(state) for state in states)
    found = connection.execute(select(*counts).select_from(subscription)).one()
    return SubscriptionFigures(*(int(count) for count in found))
