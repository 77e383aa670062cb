"""What is sent: a notice or an entry of a feed, the same as a reader of the stream gets; a test; a challenge."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Engine

from singlewindow.agencies.agency import Agency
from singlewindow.enquiries.cursors import START, Cursor, cursor_of
from singlewindow.enquiries.feeds import read_feed
from singlewindow.enquiries.notices import read_notices
from singlewindow.enquiries.shapes import FeedEntry, Notice
from singlewindow.storage.deliveries.subscriptions import Subscription
from singlewindow.times import iso, microseconds

NOTICE: Final = "notice"
FEED_ENTRY: Final = "feed-entry"
TEST: Final = "test"
CHALLENGE: Final = "challenge"


class Message(NamedTuple):
    """One message: its id is the same at each attempt, and no other has it.

    `number` is its place in the stream, and `mrn` its declaration; a test or a challenge has neither. `attempts` are
    those that failed.
    """

    id: str
    content: bytes
    number: int = 0
    mrn: str = ""
    published_at: int = 0
    attempts: int = 0


def read_messages(
    engine: Engine, agencies: Mapping[str, Agency], subscription: Subscription, after: int, limit: int
) -> list[Message]:
    """The messages of a subscription's stream after a number, at most `limit`, with what its owner may see now."""
    cursor = Cursor(after) if after else START
    if subscription.party is not None:
        notices = read_notices(engine, subscription.party, cursor, limit).as_json().notices
        return [_of_notice(subscription, each) for each in notices]
    entries = read_feed(engine, agencies[subscription.agency or ""], cursor, limit).entries
    return [_of_entry(subscription, each) for each in entries]


def _of_notice(subscription: Subscription, notice: Notice) -> Message:
    told = (notice.mrn, notice.version, notice.function_code, notice.issued_at)
    message_id = _message_id(subscription, notice.number, *told)
    content = _content(NOTICE, notice.issued_at, notice)
    return Message(message_id, content, notice.number, notice.mrn, _moment(notice.issued_at))


def _of_entry(subscription: Subscription, entry: FeedEntry) -> Message:
    message_id = _message_id(subscription, entry.cursor, entry.mrn, entry.version, entry.kind, entry.at)
    return Message(message_id, _content(FEED_ENTRY, entry.at, entry), entry.cursor, entry.mrn, _moment(entry.at))


def _message_id(subscription: Subscription, number: int, *entry: object) -> str:
    """Number and digest: after a restored backup the same number may be another message."""
    return f"msg_{subscription.id}_{cursor_of(number, *entry)}"


def _content(kind: str, at: str, data: Any) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data})


def _moment(written: str) -> int:
    return microseconds(datetime.fromisoformat(written))


def name_of_test(subscription_id: int, test_id: int) -> str:
    """The id of a test, for its owner to find it among the attempts."""
    return f"msg_{subscription_id}_{TEST}-{test_id}"


def name_of_challenge(subscription_id: int) -> str:
    """The id of the challenge."""
    return f"msg_{subscription_id}_{CHALLENGE}"


def make_test(subscription: Subscription, now: int) -> Message:
    """A message about nothing, because the subscriber asked for it."""
    content = _content(TEST, iso(now) or "", {"subscription": str(subscription.id)})
    return Message(name_of_test(subscription.id, subscription.test_id or 0), content)


def make_challenge(subscription: Subscription, secret: bytes, now: int) -> Message:
    """The question whether this receiver belongs to its subscriber."""
    proof = {"subscription": str(subscription.id), "challenge": _proof(subscription, secret)}
    return Message(name_of_challenge(subscription.id), _content(CHALLENGE, iso(now) or "", proof))


def _proof(subscription: Subscription, secret: bytes) -> str:
    """A text that only the service and the subscriber could know."""
    return hmac.new(secret, f"{CHALLENGE}/{subscription.id}".encode(), "sha256").hexdigest()


class _Echo(msgspec.Struct, forbid_unknown_fields=True):
    """The whole body of the answer to a challenge: a mirror, which returns what it is sent, does not pass."""

    challenge: str


_echo = msgspec.json.Decoder(_Echo)


def answers_challenge(content: bytes, subscription: Subscription, live: tuple[bytes, ...]) -> bool:
    """Whether the body of an answer repeats the challenge, and nothing else."""
    try:
        given = _echo.decode(content).challenge
    except msgspec.DecodeError:
        return False
    return any(hmac.compare_digest(given.encode(), _proof(subscription, secret).encode()) for secret in live)
