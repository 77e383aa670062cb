"""Gapless numbers for what others read in order: a trader's notices and an agency's feed.

A number is taken under the stream's row lock, which is held until COMMIT. So a smaller number can never appear after
a larger one was seen, and a reader that continues from the last number it saw misses nothing. Streams are locked last
in a transaction, after its events, and in the order of their names: the locks are short, and no two writers can wait
for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Table, and_, func, select

from singlewindow.agencies.routing import Routing, read_routing
from singlewindow.life_cycle.news import INSPECTIONS
from singlewindow.storage.decisions import decision_column, with_decision
from singlewindow.storage.engine.bulk import add_up, insert_together, is_among
from singlewindow.storage.tables import (
    assessment,
    declaration,
    feed,
    notice,
    stream,
    version,
)
from singlewindow.storage.trail import audit_chain

FeedKind = Literal["asked", "decided", "arrived", "overdue", "inspection", "ended"]
"""What an entry of a feed tells: a question, a decision, the goods' arrival, that a check is overdue,
news of an inspection, or the end."""

ASKED: Final = "asked"
DECIDED: Final = "decided"


class NewNotice(NamedTuple):
    """A notice to a party, of the decision with this number if it reports one; `detail` is the JSON of its Detail."""

    party: str
    version_id: int
    function_code: str
    reference: str
    issued_at: int
    decision_number: int = 1
    detail: bytes | None = None


class NewFeedEntry(NamedTuple):
    """An entry of an agency's feed: of a question of this round, or of a decision with its answer of this round."""

    agency: str
    version_id: int
    kind: FeedKind
    at: int
    round: int = 1
    decision_number: int = 1


def publish(connection: Connection, notices: Iterable[NewNotice], feed_entries: Iterable[NewFeedEntry]) -> None:
    """Number and write notices and feed entries, in the order given within each stream."""
    audit_chain.append_collected(connection)
    notice_rows, feed_rows = [row._asdict() for row in notices], [row._asdict() for row in feed_entries]
    names = [_stream_name(notice, row["party"]) for row in notice_rows] + [
        _stream_name(feed, row["agency"]) for row in feed_rows
    ]
    following = _take_numbers(connection, Counter(names))
    for name, row in zip(names, notice_rows + feed_rows, strict=True):
        row["number"] = following[name]
        following[name] += 1
    insert_together(connection, (notice, notice_rows), (feed, feed_rows))


def _stream_name(table: Table, owner: str) -> str:
    return f"{table.name}/{owner}"


def _take_numbers(connection: Connection, counts: Counter[str]) -> dict[str, int]:
    """For each stream the first of `count` new numbers.

    One statement takes all of them, in the order of their names: the locks are not held for a round trip each.
    """
    rows = [{"name": name, "last_number": count} for name, count in sorted(counts.items())]
    taken = add_up(connection, stream, rows, "last_number")
    return {row.name: int(row.last_number) - counts[row.name] + 1 for row in taken}


def lock_end(connection: Connection, name: str) -> int:
    """Lock a stream until the transaction ends, and return its last number; 0 if it has none yet."""
    audit_chain.append_collected(connection)
    ((_, last_number),) = add_up(connection, stream, [{"name": name, "last_number": 0}], "last_number")
    return int(last_number)


def last_notice_before(connection: Connection, party: str, first: int, moment: int) -> int | None:
    """The number of the last of a party's notices from `first` on that was issued before a moment."""
    mine = notice.c.party == party, notice.c.number >= first, notice.c.issued_at < moment
    return connection.execute(select(func.max(notice.c.number)).where(*mine)).scalar()


def last_entry_before(connection: Connection, agency: str, first: int, moment: int) -> int | None:
    """The same of an agency's feed."""
    mine = feed.c.agency == agency, feed.c.number >= first, feed.c.at < moment
    return connection.execute(select(func.max(feed.c.number)).where(*mine)).scalar()


class Notice(NamedTuple):
    """A notice with what its RES message needs.

    `decision` is the body of a decision to inspect, `detail` the JSON of what the notice says beyond its code.
    """

    number: int
    function_code: str
    reference: str
    issued_at: int
    mrn: str
    lrn: str
    version: int
    lodged_at: int
    detail: bytes | None
    decision: bytes | None


def read_notices(connection: Connection, party: str, first: int, limit: int) -> list[Notice]:
    """A party's notices from number `first` on."""
    told = notice.c.function_code.in_(INSPECTIONS)
    query = (
        select(
            notice.c.number, notice.c.function_code, notice.c.reference, notice.c.issued_at, declaration.c.mrn,
            declaration.c.lrn, version.c.number, version.c.lodged_at, notice.c.detail, decision_column("body"),
        )
        .join(version, version.c.id == notice.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .where(notice.c.party == party, notice.c.number >= first)
        .order_by(notice.c.number)
        .limit(limit)
    )  # fmt: skip
    whole = with_decision(query, notice.c.version_id, notice.c.decision_number, told)
    return [Notice(*row) for row in connection.execute(whole)]


class Contents(NamedTuple):
    """The content of a version, and of the one before."""

    before: bytes
    now: bytes


def amended_contents(connection: Connection, party: str, numbers: Iterable[int]) -> dict[int, Contents]:
    """What the amendments changed that a party's notices with these numbers tell of."""
    previous = version.alias("previous")
    query = (
        select(notice.c.number, previous.c.canonical, version.c.canonical)
        .join(version, version.c.id == notice.c.version_id)
        .join(
            previous,
            and_(previous.c.declaration_id == version.c.declaration_id, previous.c.number == version.c.number - 1),
        )
        .where(notice.c.party == party, is_among(connection, notice.c.number, numbers))
    )
    return {number: Contents(*both) for number, *both in connection.execute(query)}


class NoticeMark(NamedTuple):
    """What never changes in a notice, and names it."""

    number: int
    reference: str


def newest_notice(connection: Connection, party: str) -> NoticeMark | None:
    """A party's last notice; None if it has none."""
    query = select(notice.c.number, notice.c.reference).where(notice.c.party == party)
    row = connection.execute(query.order_by(notice.c.number.desc()).limit(1)).first()
    return None if row is None else NoticeMark(*row)


class FeedMark(NamedTuple):
    """What an entry of a feed is, apart from its content."""

    number: int
    version_id: int
    kind: FeedKind
    at: int


class FeedContent(NamedTuple):
    """An entry of a feed with the content to project.

    That of a decision has the agency's own answer and the decision, as both were then; that of a question has neither.
    """

    mark: FeedMark
    mrn: str
    version: int
    canonical: bytes
    stored_routing: bytes
    assessment: bytes | None
    outcome: Literal["release", "inspect"] | None
    decision: bytes | None
    decided_at: int | None

    @property
    def routing(self) -> list[Routing]:
        """Which agencies the declaration concerns, as found at lodgement."""
        return read_routing(self.stored_routing)


_MARK = (feed.c.number, feed.c.version_id, feed.c.kind, feed.c.at)


def read_feed(connection: Connection, agency: str, first: int, limit: int) -> list[FeedContent]:
    """An agency's feed from number `first` on."""
    decided = feed.c.kind == DECIDED
    own = and_(
        decided, assessment.c.version_id == feed.c.version_id, assessment.c.agency == feed.c.agency,
        assessment.c.round == feed.c.round,
    )  # fmt: skip
    query = (
        select(
            *_MARK, declaration.c.mrn, version.c.number, version.c.canonical, version.c.routing, assessment.c.body,
            decision_column("outcome"), decision_column("body"), decision_column("decided_at"),
        )
        .join(version, version.c.id == feed.c.version_id)
        .join(declaration, declaration.c.id == version.c.declaration_id)
        .outerjoin(assessment, own)
        .where(feed.c.agency == agency, feed.c.number >= first)
        .order_by(feed.c.number)
        .limit(limit)
    )  # fmt: skip
    whole = with_decision(query, feed.c.version_id, feed.c.decision_number, decided)
    return [_feed_content(*row) for row in connection.execute(whole)]


def _feed_content(number: int, version_id: int, kind: FeedKind, at: int, *content: Any) -> FeedContent:
    return FeedContent(FeedMark(number, version_id, kind, at), *content)


def newest_feed_entry(connection: Connection, agency: str) -> FeedMark | None:
    """The last entry of an agency's feed, without content; None if it has none."""
    query = select(*_MARK).where(feed.c.agency == agency)
    row = connection.execute(query.order_by(feed.c.number.desc()).limit(1)).first()
    return None if row is None else FeedMark(*row)
