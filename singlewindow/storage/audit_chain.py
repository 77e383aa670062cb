"""The audit trail's chains: every event gets a number without gaps, and a link that depends on all before it.

A transaction keeps its events and appends them at once, to whichever stream nobody else is writing to: it locks that
one stream's head, until it commits. The order of locks is versions, questions, one head, then the streams of notices
and feeds: whoever waits for a head holds none, and whoever holds one never waits for another.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Integer, LargeBinary, and_, bindparam, cast, func, select, update
from sqlalchemy import event as hooks

from singlewindow.audit import chain
from singlewindow.audit.chain import STREAMS, Entry, Head
from singlewindow.storage.engine.bulk import insert_rows
from singlewindow.storage.tables import Record, event, trail

Row = dict[str, Any]

OPERATOR: Final = "operator:cli"
"""Whoever gives commands on the service's own machines, whichever command it is."""
PENDING: Final = "events to be chained"
# SQLite gives what was put in, be it text: an event that was altered in that way too is to be read, and found out.
CHAINED: Final = (event.c.stream, event.c.number, event.c.at, event.c.kind, event.c.actor, event.c.version_id,
                  cast(event.c.detail, LargeBinary).label("detail"))  # fmt: skip
PAGE: Final = 1_000
# Built once: they are said in every transaction.
_TURNED: Final = (trail.c.stream + bindparam("turned", type_=Integer)) % STREAMS
_NEAREST_FREE: Final = select(trail).order_by(_TURNED).limit(1).with_for_update(skip_locked=True)
_MOVE_ON: Final = (
    update(trail)
    .where(trail.c.stream == bindparam("its_stream"))
    .values(number=bindparam("number"), link=bindparam("link"))
)


def append_at_commit(engine: Engine) -> None:
    """Make every transaction of an engine append, before its COMMIT, the events that it still keeps."""

    @hooks.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.info[PENDING] = []

    hooks.listen(engine, "commit", append)


def keep(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep events (rows of `event` without their place in the chain) until they are appended."""
    connection.info[PENDING].extend(rows)


def append(connection: Connection) -> None:
    """Chain and write the events that this transaction keeps."""
    kept = connection.info[PENDING]
    if not kept:
        return
    insert_rows(connection, event, _chained(connection, kept))
    connection.info[PENDING] = []


def _chained(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """The rows with their places in the chain, whose head is locked and moved on."""
    head = _take_head(connection)
    placed, link = [], head.link
    for number, row in enumerate(rows, start=head.number + 1):
        entry = Entry(stream=head.stream, number=number, **row)
        link = chain.link(link, chain.line(entry))
        placed.append(entry._asdict() | {"link": link})
    connection.execute(_MOVE_ON, {"its_stream": head.stream, "number": head.number + len(rows), "link": link})
    return placed


def _take_head(connection: Connection) -> Record:
    """Lock a head that is free, looking from one chosen by chance; where all are taken, wait for that one."""
    chosen = secrets.randbelow(STREAMS)
    free = connection.execute(_NEAREST_FREE, {"turned": STREAMS - chosen}).first()
    if free is not None:
        return free
    return connection.execute(select(trail).where(trail.c.stream == chosen).with_for_update()).one()


def adopt(connection: Connection, now: int, after: int) -> int | None:
    """Chain events with ids above `after` that older processes have written outside, a page at most; the last one's id.

    The event before them in their stream says how many they are: until then they could have been altered.
    """
    outside = select(event.c.id, *CHAINED[2:]).where(event.c.stream.is_(None), event.c.id > after)
    page = outside.order_by(event.c.id).limit(PAGE).with_for_update()
    found = [dict(row) for row in connection.execute(page).mappings()]
    if not found:
        return None
    ids = [row.pop("id") for row in found]
    said = {"at": now, "kind": "adopted", "actor": OPERATOR, "version_id": None,
            "detail": msgspec.json.encode({"events": len(found)})}  # fmt: skip
    first, *placed = _chained(connection, [said, *found])
    insert_rows(connection, event, [first])
    place: Row = {name: bindparam(f"its_{name}") for name in ("stream", "number", "link")}
    moved = [{"its_id": id_, **{f"its_{name}": row[name] for name in place}}
             for id_, row in zip(ids, placed, strict=True)]  # fmt: skip
    connection.execute(update(event).where(event.c.id == bindparam("its_id")).values(**place), moved)
    return int(ids[-1])


def heads(connection: Connection) -> list[Head]:
    """Where every stream ends, all at one moment."""
    rows = connection.execute(select(trail).order_by(trail.c.stream))
    return [Head(row.number, row.link.hex()) for row in rows]


def outside(connection: Connection) -> int:
    """How many events stand in none of the streams, or past the ends of one: no export holds them."""
    within = (trail.c.stream == event.c.stream, event.c.number >= 1, event.c.number <= trail.c.number)
    chained = select(func.count()).select_from(event).join(trail, and_(*within)).scalar_subquery()
    every = select(func.count()).select_from(event).scalar_subquery()
    return int(connection.execute(select(every - chained)).scalar_one())  # one statement, and so of one moment


def read(connection: Connection, stream: int, after: int, until: int) -> Iterator[tuple[Entry, bytes]]:
    """A stream's events with numbers above `after`, up to `until`, in order, a page at most; each with its link."""
    mine = (event.c.stream == stream, event.c.number > after, event.c.number <= until)
    columns = (*CHAINED, cast(event.c.link, LargeBinary))
    for *values, link in connection.execute(select(*columns).where(*mine).order_by(event.c.number).limit(PAGE)):
        yield Entry(*values), link
