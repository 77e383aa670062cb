"""An agency's feed: what it was asked and what was decided, with only the elements the law lets it see."""

from __future__ import annotations

import msgspec

from singlewindow.clearance.readings import DecisionSummary, Feed, FeedEntry
from singlewindow.clearance.timeline import items_of
from singlewindow.clearance.window import Window
from singlewindow.decisions.merge import Verdict
from singlewindow.declarations.canonical import decode
from singlewindow.declarations.projection import project
from singlewindow.storage import outgoing
from singlewindow.storage.tables import Record
from singlewindow.storage.walls import of_agency, reading_as
from singlewindow.times import iso

_verdict = msgspec.json.Decoder(Verdict)


def feed(window: Window, agency: str, after: int, limit: int) -> Feed:
    """The entries of one agency's feed with a cursor above `after`, at most `limit`."""
    with reading_as(window.engine, of_agency(agency)) as connection:
        rows = outgoing.feed_entries(connection, agency, after, limit)
    return Feed([_entry(window, agency, row) for row in rows], rows[-1].cursor if rows else after)


def _entry(window: Window, agency: str, row: Record) -> FeedEntry:
    items = items_of(row.routing, agency)
    return FeedEntry(
        cursor=row.cursor,
        kind=row.kind,
        at=iso(row.at) or "",
        mrn=row.mrn,
        version=row.version,
        items=list(items),
        view=project(decode(row.canonical), window.agencies[agency].entitlement, items),
        assessment=None if row.assessment is None else msgspec.json.decode(row.assessment),
        decision=None if row.outcome is None else _decision(row),
    )


def _decision(row: Record) -> DecisionSummary:
    controls = [str(control) for control in _verdict.decode(row.decision).controls]
    return DecisionSummary(outcome=row.outcome, controls=controls, decided_at=iso(row.decided_at) or "")
