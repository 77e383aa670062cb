"""Reads, for each version, what the record holds and what its events say it should hold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, cast, select

from singlewindow.audit import commitments
from singlewindow.audit.commitments import Change
from singlewindow.storage.tables import (
    assessment,
    decision,
    declaration,
    event,
    late_assessment,
    later_decision,
    later_late_assessment,
    version,
)
from singlewindow.storage.trail.events import Kind

COMPARED = (Kind.LODGED, Kind.AMENDED, Kind.ASSESSED, Kind.UNANSWERED, Kind.LATE, Kind.DECIDED)
Changes = dict[int, list[Change]]


def version_ids(connection: Connection, after: int, limit: int) -> list[int]:
    """The next versions above this id, in order: those that are stored, and those that events speak of."""
    stored = select(version.c.id).where(version.c.id > after).order_by(version.c.id).limit(limit)
    named = select(event.c.version_id).where(event.c.version_id > after).distinct().order_by(event.c.version_id)
    found = {*connection.execute(stored).scalars(), *connection.execute(named.limit(limit)).scalars()}
    return sorted(found)[:limit]


def stored_changes(connection: Connection, ids: Iterable[int]) -> Changes:
    """What the tables hold, by version id, with digests computed again."""
    changes: Changes = defaultdict(list)
    mine = list(ids)
    lodged = list(_stored_rows(connection, version.c.id, mine))
    whose = (row["declaration_id"] for row in lodged)
    declarations = {row["id"]: row for row in _stored_rows(connection, declaration.c.id, whose)}
    for row in lodged:
        recomputed = {
            "received_sha256": _content_digest(row["received"]),
            "content_sha256": _content_digest(row["canonical"]),
        }
        detail = commitments.of_document(declarations.get(row["declaration_id"], {}), row | recomputed)
        kind = Kind.LODGED if row["number"] == 1 else Kind.AMENDED
        changes[row["id"]].append(Change(kind, row["lodged_at"], detail))
    for row in _stored_rows(connection, assessment.c.version_id, mine):
        kind = Kind.ASSESSED if row["answer"] == "assessed" else Kind.UNANSWERED
        changes[row["version_id"]].append(Change(kind, row["answered_at"], commitments.of_answer(row)))
    for column in (late_assessment.c.version_id, later_late_assessment.c.version_id):
        for row in _stored_rows(connection, column, mine):
            changes[row["version_id"]].append(Change(Kind.LATE, row["received_at"], commitments.of_late_answer(row)))
    for column in (decision.c.version_id, later_decision.c.version_id):
        for row in _stored_rows(connection, column, mine):
            changes[row["version_id"]].append(Change(Kind.DECIDED, row["decided_at"], commitments.of_decision(row)))
    return changes


def _stored_rows(connection: Connection, key: Column[int], ids: Iterable[int]) -> Iterator[dict[str, Any]]:
    # SQLite returns what was stored: bytes that somebody has replaced with text must still be compared.
    columns = [cast(c, LargeBinary).label(c.name) if isinstance(c.type, LargeBinary) else c for c in key.table.c]
    return (dict(row) for row in connection.execute(select(*columns).where(key.in_(list(ids)))).mappings())


def _content_digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def recorded_changes(connection: Connection, ids: Iterable[int]) -> Changes:
    """What the events say, by version id."""
    changes: Changes = defaultdict(list)
    mine = (event.c.version_id.in_(list(ids)), event.c.kind.in_(COMPARED))
    columns = (event.c.version_id, event.c.kind, event.c.at, event.c.detail)
    for version_id, kind, at, detail in connection.execute(select(*columns).where(*mine)):
        changes[version_id].append(Change(kind, at, msgspec.json.decode(detail)))
    return changes
