"""The shapes of what subscribers send and read; /openapi.json is made from these classes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from singlewindow.declarations.reading.json_shape import ends
from singlewindow.deliveries.receivers import LONGEST_URL
from singlewindow.enquiries.cursors import PATTERN


class SubscriptionState(StrEnum):
    """How a subscription stands; the table of states is in docs/api.md."""

    UNPROVEN = "unproven"
    ACTIVE = "active"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    ENDED = "ended"


class NewSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send what comes after `after` in the stream; without it, what comes from now on."""

    url: Annotated[str, Meta(pattern=ends("https://[!-~]+"), max_length=LONGEST_URL)]
    after: Annotated[str, Meta(pattern=ends(PATTERN))] | None = None


class SubscriptionShown(Struct, frozen=True, kw_only=True):
    """A subscription: its state, since when, and what is wrong, "" if nothing.

    `position` is the last number of the stream that was taken over: everything up to it was accepted, waits (so many
    messages) or was given up after fourteen days (so many in all; `giving_up_since` while nothing has been accepted
    since the first of them).
    """

    subscription: str
    url: str
    stream: str
    state: SubscriptionState
    since: str
    problem: str
    position: int
    waiting: int
    undelivered: int
    giving_up_since: str | None
    created_at: str


class SubscriptionPage(Struct, frozen=True):
    """All subscriptions of the caller, oldest first."""

    subscriptions: list[SubscriptionShown]


class SubscriptionMade(Struct, frozen=True, kw_only=True):
    """A new subscription with its secret, which is shown only here; it sends nothing before it is proven."""

    subscription: str
    url: str
    stream: str
    state: SubscriptionState
    position: int
    secret: str


class SecretMade(Struct, frozen=True, kw_only=True):
    """A new secret, which is shown only here; those before it sign as well until `others_until`."""

    subscription: str
    secret: str
    others_until: str


class RequestedTest(Struct, frozen=True, kw_only=True):
    """The id of the message that is sent at once; the list of attempts says how it ended."""

    subscription: str
    message: str


class AttemptShown(Struct, frozen=True, kw_only=True):
    """One attempt: `accepted`, or why not, and when the message is sent again; null if it is not."""

    message: str
    attempted_at: str
    milliseconds: int
    status: int | None
    accepted: bool
    problem: str
    next_at: str | None


class AttemptPage(Struct, frozen=True):
    """The last hundred attempts of a subscription, the newest first."""

    attempts: list[AttemptShown]
