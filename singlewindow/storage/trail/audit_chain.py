"""The audit trail's chains: every event gets a number without gaps, and a link that depends on all events before it.

A transaction collects its events and appends them together to a stream that nobody else is writing to; it locks the
head of that stream until it commits. Locks are taken in the order versions, questions, one head, then the streams of
notices and feeds: a transaction that waits for a head holds none, and one that holds a head never waits for another.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Integer, LargeBinary, and_, bindparam, cast, func, select, update
from sqlalchemy import event as hooks

from singlewindow.audit import chain
from singlewindow.audit.chain import STREAMS, Entry, Head, Subject
from singlewindow.storage.engine.bulk import insert_rows
from singlewindow.storage.tables import event, trail

OPERATOR: Final = "operator:cli"
"""Anybody who runs commands on the service's own machines."""
PENDING: Final = "events to be chained"
PAGE: Final = 1_000
_ABOUT: Final = (event.c.version_id, event.c.subject_kind, event.c.subject_id)
# SQLite returns what was stored, even text: an event altered in this way must still be read, and detected.
_CONTENT: Final = (event.c.at, event.c.kind, event.c.actor, cast(event.c.detail, LargeBinary), *_ABOUT)
# Built once, because every transaction uses them.
_TURNED: Final = (trail.c.stream + bindparam("turned", type_=Integer)) % STREAMS
_HEAD: Final = select(trail.c.stream, trail.c.number, trail.c.link)
_NEAREST_FREE: Final = _HEAD.order_by(_TURNED).limit(1).with_for_update(skip_locked=True)
_MOVE_ON: Final = (
    update(trail)
    .where(trail.c.stream == bindparam("its_stream"))
    .values(number=bindparam("number"), link=bindparam("link"))
)
_PLACE: Final = (
    update(event)
    .where(event.c.id == bindparam("its_id"))
    .values({name: bindparam(f"its_{name}") for name in ("stream", "number", "link")})
)


class Unchained(NamedTuple):
    """An event without a place yet, otherwise like an `Entry`."""

    at: int
    kind: str
    actor: str
    subject: int | tuple[str, ...] | None
    detail: bytes


class Chained(NamedTuple):
    """An event at its place, and the link that proves it there."""

    entry: Entry
    link: bytes


class _Tail(NamedTuple):
    """A stream's locked head."""

    stream: int
    number: int
    link: bytes


def append_at_commit(engine: Engine) -> None:
    """Make every transaction of an engine append its collected events before its COMMIT."""

    @hooks.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.info[PENDING] = []

    hooks.listen(engine, "commit", append_collected)


def collect_events(connection: Connection, events: Iterable[Unchained]) -> None:
    """Collect events until they are appended."""
    connection.info[PENDING].extend(events)


def append_collected(connection: Connection) -> None:
    """Chain and write the events that this transaction has collected."""
    kept = connection.info[PENDING]
    if not kept:
        return
    _insert_events(connection, _chain_events(connection, kept))
    connection.info[PENDING] = []


def _insert_events(connection: Connection, chained: Iterable[Chained]) -> None:
    insert_rows(connection, event, [_event_row(*each) for each in chained])


def _event_row(entry: Entry, link: bytes) -> dict[str, Any]:
    about = (None, *entry.subject) if isinstance(entry.subject, Subject) else (entry.subject, None, None)
    version_id, subject_kind, subject_id = about
    return {"at": entry.at, "kind": entry.kind, "actor": entry.actor, "version_id": version_id, "detail": entry.detail,
            "stream": entry.stream, "number": entry.number, "link": link, "subject_kind": subject_kind,
            "subject_id": subject_id}  # fmt: skip


def _chain_events(connection: Connection, events: Sequence[Unchained]) -> list[Chained]:
    """The events at their places in the chain, whose head is locked and moved on."""
    tail = _take_tail(connection)
    placed, link = [], tail.link
    for number, each in enumerate(events, start=tail.number + 1):
        entry = Entry(tail.stream, number, *each)
        link = chain.event_link(link, chain.event_bytes(entry))
        placed.append(Chained(entry, link))
    connection.execute(_MOVE_ON, {"its_stream": tail.stream, "number": tail.number + len(events), "link": link})
    return placed


def _take_tail(connection: Connection) -> _Tail:
    """Lock a free head, starting at a random one; if all are locked, wait for that one."""
    chosen = secrets.randbelow(STREAMS)
    free = connection.execute(_NEAREST_FREE, {"turned": STREAMS - chosen}).first()
    return _Tail(*(free or connection.execute(_HEAD.where(trail.c.stream == chosen).with_for_update()).one()))


def adopt_events(connection: Connection, now: int, after: int) -> int | None:
    """Chain events with ids above `after` that older processes wrote outside, at most a page; returns the last id.

    The event before them in their stream says how many they are: until then they could have been altered.
    """
    outside = select(event.c.id, *_CONTENT).where(event.c.stream.is_(None), event.c.id > after)
    found = connection.execute(outside.order_by(event.c.id).limit(PAGE).with_for_update()).all()
    if not found:
        return None
    adopted = Unchained(now, "adopted", OPERATOR, None, msgspec.json.encode({"events": len(found)}))
    first, *placed = _chain_events(connection, [adopted, *(_unchained_event(*content) for _, *content in found)])
    _insert_events(connection, [first])
    moved = [{"its_id": row.id, "its_stream": entry.stream, "its_number": entry.number, "its_link": link}
             for row, (entry, link) in zip(found, placed, strict=True)]  # fmt: skip
    connection.execute(_PLACE, moved)
    return int(found[-1].id)


def _unchained_event(at: int, kind: str, actor: str, detail: bytes, *about: Any) -> Unchained:
    return Unchained(at, kind, actor, _event_subject(*about), detail)


def _event_subject(version_id: int | None, kind: Any, id_: Any) -> int | tuple[Any, ...] | None:
    """What a row is about. A row that names both a version and something else is not ours; all of it is shown then."""
    if kind is None and id_ is None:
        return version_id
    return Subject(kind, id_) if version_id is None else (kind, id_, version_id)


def stream_heads(connection: Connection) -> list[Head]:
    """Where every stream ends, all at one moment."""
    return [Head(number, link.hex()) for _, number, link in connection.execute(_HEAD.order_by(trail.c.stream))]


def count_outside(connection: Connection) -> int:
    """How many events are in no stream, or beyond the end of one: no export holds them."""
    within = (trail.c.stream == event.c.stream, event.c.number >= 1, event.c.number <= trail.c.number)
    chained = select(func.count()).select_from(event).join(trail, and_(*within)).scalar_subquery()
    every = select(func.count()).select_from(event).scalar_subquery()
    return int(connection.execute(select(every - chained)).scalar_one())  # one statement, and so of one moment


def read_stream(connection: Connection, stream: int, after: int, until: int) -> Iterator[Chained]:
    """A stream's events with numbers above `after`, up to `until`, in order, a page at most."""
    mine = (event.c.stream == stream, event.c.number > after, event.c.number <= until)
    columns = (event.c.number, cast(event.c.link, LargeBinary), *_CONTENT)
    for number, link, *content in connection.execute(
        select(*columns).where(*mine).order_by(event.c.number).limit(PAGE)
    ):
        yield Chained(Entry(stream, number, *_unchained_event(*content)), link)
