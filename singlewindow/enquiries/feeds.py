"""An agency's feed: what it was asked and what was decided, with only the elements that the law lets it see."""

from __future__ import annotations

from functools import partial

import msgspec
from sqlalchemy import Engine

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.routing import items_of
from singlewindow.decisions.merge import Verdict
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.projection import project
from singlewindow.enquiries.cursors import Cursor, Stream, cursor_of
from singlewindow.enquiries.shapes import DecisionSummary, FeedEntry, FeedPage
from singlewindow.storage import streams
from singlewindow.storage.engine.row_security import of_agency, reading_as
from singlewindow.storage.streams import FeedMark
from singlewindow.times import iso

_verdict = msgspec.json.Decoder(Verdict)


def read_feed(engine: Engine, agency: Agency, after: Cursor, limit: int) -> FeedPage:
    """The entries of one agency's feed after a cursor, at most `limit`; raises NotInStream."""
    with reading_as(engine, of_agency(agency.code)) as connection:
        stream = Stream(
            entries=partial(streams.read_feed, connection, agency.code),
            newest=lambda: _feed_cursor(mark) if (mark := streams.newest_feed_entry(connection, agency.code)) else None,
            cursor=lambda entry: _feed_cursor(entry.mark),
        )
        rows, following = stream.page(after, limit)
    return FeedPage([_feed_entry(agency, row) for row in rows], str(following))


def _feed_cursor(mark: FeedMark) -> Cursor:
    return cursor_of(*mark)


def _feed_entry(agency: Agency, row: streams.FeedContent) -> FeedEntry:
    items = items_of(row.routing, agency.code)
    return FeedEntry(
        cursor=row.mark.number,
        kind=row.mark.kind,
        at=iso(row.mark.at) or "",
        mrn=row.mrn,
        version=row.version,
        items=list(items),
        view=project(decode_canonical(row.canonical), agency.entitlement, items),
        assessment=None if row.assessment is None else msgspec.json.decode(row.assessment),
        decision=_decision_summary(row),
    )


def _decision_summary(row: streams.FeedContent) -> DecisionSummary | None:
    if row.outcome is None or row.decision is None:
        return None
    controls = [str(control) for control in _verdict.decode(row.decision).controls]
    return DecisionSummary(outcome=row.outcome, controls=controls, decided_at=iso(row.decided_at) or "")
