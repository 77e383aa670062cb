"""An agency's feed: what it was asked and what was decided, with only the elements the law lets it see."""

from __future__ import annotations

from functools import partial

import msgspec

from singlewindow.clearance.context import ClearanceContext
from singlewindow.decisions.merge import Verdict
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.enquiries.cursors import Cursor, Stream, cursor_of
from singlewindow.enquiries.shapes import DecisionSummary, Feed, FeedEntry
from singlewindow.enquiries.timeline import items_of
from singlewindow.storage import outgoing
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.tables import Record
from singlewindow.times import iso

_verdict = msgspec.json.Decoder(Verdict)


def feed(context: ClearanceContext, agency: str, after: Cursor, limit: int) -> Feed:
    """The entries of one agency's feed after a cursor, at most `limit`; raises NotInStream."""
    with reading_as(context.engine, of_agency(agency)) as connection:
        stream = Stream(
            entries=partial(outgoing.feed_entries, connection, agency),
            newest=partial(outgoing.newest_entry, connection, agency),
            cursor=lambda row: cursor_of(row.cursor, row.version_id, row.kind, row.at),
        )
        rows, following = stream.page(after, limit)
    return Feed([_entry(context, agency, row) for row in rows], str(following))


def _entry(context: ClearanceContext, agency: str, row: Record) -> FeedEntry:
    items = items_of(row.routing, agency)
    return FeedEntry(
        cursor=row.cursor,
        kind=row.kind,
        at=iso(row.at) or "",
        mrn=row.mrn,
        version=row.version,
        items=list(items),
        view=project(decode(row.canonical), context.agencies[agency].entitlement, items),
        assessment=None if row.assessment is None else msgspec.json.decode(row.assessment),
        decision=None if row.outcome is None else _decision(row),
    )


def _decision(row: Record) -> DecisionSummary:
    controls = [str(control) for control in _verdict.decode(row.decision).controls]
    return DecisionSummary(outcome=row.outcome, controls=controls, decided_at=iso(row.decided_at) or "")
