"""The event trail: a closed vocabulary of what can happen, written in the transaction of the change itself.

How events are chained, so that none can be altered unseen, is the matter of `trail`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from singlewindow.storage import audit_chain
from singlewindow.storage.tables import event

SYSTEM = "system"
"""What the service does by itself."""
OPERATOR = audit_chain.OPERATOR


class Kind(StrEnum):
    """Everything that can happen to a declaration or to the service's own records."""

    LODGED = "lodged"
    ASSESSED = "assessed"
    UNANSWERED = "unanswered"
    LATE = "late"
    CONTRADICTED = "contradicted"
    PARKED = "parked"
    RETRIED = "retried"
    DECIDED = "decided"
    KEY_CREATED = "key-created"
    KEY_ROTATED = "key-rotated"
    KEY_REVOKED = "key-revoked"
    MANDATE_GRANTED = "mandate-granted"
    MANDATE_REVOKED = "mandate-revoked"
    READ = "read"
    ADOPTED = "adopted"


class Event(NamedTuple):
    """One event: `at` in microseconds of the database's clock, `actor` who caused it, `detail` plain values."""

    at: int
    kind: Kind
    actor: str
    version_id: int | None = None
    detail: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's default is never changed


def record(connection: Connection, events: Iterable[Event]) -> None:
    """Append events; they become visible with the change they tell of, or not at all.

    They are kept until the transaction takes its streams or commits, and chained then: record them before either.
    """
    audit_chain.keep(connection, [entry._asdict() | {"detail": msgspec.json.encode(entry.detail)} for entry in events])


def of_version(connection: Connection, version_id: int) -> list[Event]:
    """The events of one version, oldest first."""
    columns = (event.c.at, event.c.kind, event.c.actor, event.c.version_id, event.c.detail)
    rows = connection.execute(select(*columns).where(event.c.version_id == version_id).order_by(event.c.id))
    return [Event(row.at, Kind(row.kind), row.actor, row.version_id, msgspec.json.decode(row.detail)) for row in rows]
