"""Checkpoints and exports for the auditor, who can prove the record with them without trusting the operator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from singlewindow.audit.chain import EMPTY, STREAMS, Head
from singlewindow.audit.checkpoint import Checkpoint, Signer, read_checkpoint
from singlewindow.audit.export import Contents, event_line, opening_line
from singlewindow.enquiries.cursors import Cursor, Stream, cursor_of
from singlewindow.storage.engine.connect import clock, reading
from singlewindow.storage.trail import audit_chain, checkpoints
from singlewindow.storage.trail.checkpoints import KeptCheckpoint
from singlewindow.times import MICROSECONDS


def sign_checkpoint(engine: Engine, signer: Signer, after_seconds: float = 0.0) -> Checkpoint | None:
    """Make the next checkpoint; None if the last is younger than `after_seconds`, or another process was quicker."""
    with reading(engine) as connection:
        if not _is_due(_last_checkpoint(connection), clock(connection), after_seconds):
            return None
    with engine.begin() as connection:
        last, now = _last_checkpoint(connection), clock(connection)
        if not _is_due(last, now, after_seconds):
            return None
        number = last.statement.number + 1 if last else 1
        made = signer.sign(number, now, audit_chain.stream_heads(connection), last)
        return made if checkpoints.add_checkpoint(connection, KeptCheckpoint(number, now, made.line)) else None


def _last_checkpoint(connection: Connection) -> Checkpoint | None:
    row = checkpoints.newest_checkpoint(connection)
    return read_checkpoint(row.line) if row else None


def _is_due(last: Checkpoint | None, now: int, after_seconds: float) -> bool:
    return last is None or now - last.statement.at >= after_seconds * MICROSECONDS


class Coverage(NamedTuple):
    """How far checkpoints reach: the last one's moment, and how many events came after it.

    Without a readable checkpoint there is no moment, and all events count.
    """

    last: int | None
    since: int

    def seconds_waiting(self, now: int) -> float:
        """How long events have waited for a checkpoint: 0 if none waits, infinite if there is no checkpoint."""
        if not self.since:
            return 0.0
        return math.inf if self.last is None else max(0, now - self.last) / MICROSECONDS


def checkpoint_coverage(connection: Connection) -> Coverage:
    """How far the checkpoints reach now; the cost does not grow with the number of events."""
    row = checkpoints.newest_checkpoint(connection)
    events = sum(head.number for head in audit_chain.stream_heads(connection))
    try:
        last = read_checkpoint(row.line) if row else None
    except ValueError:
        last = None
    if row is None or last is None:
        return Coverage(None, events)
    return Coverage(row.at, events - sum(head.number for head in last.statement.heads))


KEEP: Final = (
    "If the service was restored from a backup, keep every line that you have, ask the operator where to continue,"
    " and add the new lines; docs/audit.md says how to verify with both"
)


def checkpoints_after(engine: Engine, after: Cursor, limit: int) -> tuple[list[Checkpoint], Cursor]:
    """The checkpoints made after this one, in order, at most `limit`, and where to continue; raises NotInStream."""
    with reading(engine) as connection:
        stream = Stream(
            entries=partial(checkpoints.checkpoints_from, connection),
            newest=lambda: _checkpoint_cursor(row) if (row := checkpoints.newest_checkpoint(connection)) else None,
            cursor=_checkpoint_cursor,
            advice=KEEP,
        )
        rows, following = stream.page(after, limit)
    return [read_checkpoint(row.line) for row in rows], following


def _checkpoint_cursor(kept: KeptCheckpoint) -> Cursor:
    return cursor_of(kept.number, kept.line.hex())


def export_contents(engine: Engine, after: list[Head] | None = None) -> Contents:
    """The contents of an export made now: everything, or what came after these heads."""
    with reading(engine) as connection:
        return Contents(
            exported_at=clock(connection),
            after=after or [EMPTY] * STREAMS,
            heads=audit_chain.stream_heads(connection),
            outside=audit_chain.count_outside(connection),
        )


def export_lines(engine: Engine, contents: Contents) -> Iterator[bytes]:
    """The export's lines, read page by page, so that no transaction stays open while the file is written."""
    yield opening_line(contents)
    for stream, (start, end) in enumerate(zip(contents.after, contents.heads, strict=True)):
        last = start.number
        while last < end.number:
            with reading(engine) as connection:
                page = list(audit_chain.read_stream(connection, stream, last, end.number))
            if not page:
                break
            yield from (event_line(link, entry) for entry, link in page)
            last = page[-1][0].number
