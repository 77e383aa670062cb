"""What one step brings: its events, the party's notices, and entries in the feeds of the agencies that were asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from singlewindow.agencies.routing import asked_agencies
from singlewindow.clearance.deciding.announce import notices_of
from singlewindow.clearance.transaction import Transaction
from singlewindow.storage import streams
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.streams import FeedKind, NewFeedEntry, NewNotice
from singlewindow.storage.trail import events
from singlewindow.storage.trail.events import Event


class News(NamedTuple):
    """What is recorded and published together, at the end of a transaction: streams are locked last."""

    events: tuple[Event, ...] = ()
    notices: tuple[NewNotice, ...] = ()
    feed: tuple[NewFeedEntry, ...] = ()

    def __bool__(self) -> bool:
        return any(map(bool, self))

    def __or__(self, more: News) -> News:
        """Both, in this order."""
        return News(self.events + more.events, self.notices + more.notices, self.feed + more.feed)


NO_NEWS: Final = News()


def publish(transaction: Transaction, news: Iterable[News]) -> None:
    """Record and publish news, in order."""
    found = list(news)
    events.record(transaction.connection, [event for each in found for event in each.events])
    notices = [notice for each in found for notice in each.notices]
    streams.publish(transaction.connection, notices, [entry for each in found for entry in each.feed])


def news_of(transaction: Transaction, version: LockedVersion, move: Move, event: Event, kind: FeedKind) -> News:
    """The news of a move: its event with the new state, its notices, and an entry of this kind for every agency."""
    said = event._replace(detail={**event.detail, "state": str(move.state)})
    agencies = asked_agencies(version.routing)
    feed = (NewFeedEntry(agency, version.version_id, kind, transaction.now) for agency in agencies)
    return News((said,), tuple(notices_of(version, move, transaction.now)), tuple(feed))
