"""The event trail: a closed vocabulary of what can happen, written in the transaction of the change itself.

`audit_chain` chains them, so that none can be altered unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from singlewindow.audit.chain import Subject
from singlewindow.storage.tables import event, version
from singlewindow.storage.trail import audit_chain
from singlewindow.storage.trail.audit_chain import Unchained

SYSTEM = "system"
"""The actor of everything that the service does on its own."""
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
    ASKED_AGAIN = "asked-again"
    TAKEN = "taken"
    GIVEN_BACK = "given-back"
    QUERIED = "queried"
    EXPLAINED = "explained"
    DOCUMENT = "document"
    EVIDENCE = "evidence"
    DOCUMENT_REFUSED = "document-refused"
    DOCUMENTS_GIVEN = "documents-given"
    REQUESTED = "requested"
    ANSWERED = "answered"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    ARRIVED = "arrived"
    REPORTED = "reported"
    MILESTONE = "milestone"
    INSPECTION_ORDERED = "inspection-ordered"
    SLOT_WISHED = "slot-wished"
    SLOT_MOVED = "slot-moved"
    CONTROL_RECORDED = "control-recorded"
    OVERRIDE_ASKED = "override-asked"
    OVERRIDE_ANSWERED = "override-answered"
    ITEMS_ENDED = "items-ended"
    INSPECTION_ENDED = "inspection-ended"
    OVERDUE = "overdue"
    LAPSED = "lapsed"
    KEY_CREATED = "key-created"
    KEY_ROTATED = "key-rotated"
    KEY_REVOKED = "key-revoked"
    MANDATE_GRANTED = "mandate-granted"
    MANDATE_REVOKED = "mandate-revoked"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    SECRET_ROTATED = "secret-rotated"  # noqa: S105 - the name of an event
    UNDELIVERABLE = "undeliverable"
    READ = "read"
    ADOPTED = "adopted"


class Event(NamedTuple):
    """One event: `at` in microseconds of the database's clock, `actor` is its cause, `detail` plain values.

    `subject` is what it is about: a version by its id, anything else by kind and id.
    """

    at: int
    kind: Kind
    actor: str
    subject: int | Subject | None = None
    detail: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's default is never changed


def about_key(key_id: str) -> Subject:
    """The subject of events about a key, and of what was read with it."""
    return Subject("key", key_id)


def about_mandate(mandate_id: int) -> Subject:
    """The subject of events about a mandate."""
    return Subject("mandate", str(mandate_id))


def about_subscription(subscription_id: int) -> Subject:
    """The subject of events about a subscription."""
    return Subject("subscription", str(subscription_id))


def record(connection: Connection, events: Iterable[Event]) -> None:
    """Append events; they become visible with the change they record, or not at all.

    They are collected until the transaction locks its streams or commits, and then chained: record them before that.
    """
    audit_chain.collect_events(
        connection, (Unchained(*entry[:-1], msgspec.json.encode(entry.detail)) for entry in events)
    )


def record_command(connection: Connection, at: int, kind: Kind, subject: Subject, detail: dict[str, Any]) -> None:
    """Append the event of an operator's command."""
    record(connection, [Event(at, kind, OPERATOR, subject, detail)])


def of_subject(connection: Connection, subject: int | Subject) -> list[Event]:
    """The events about a version, or about anything else, oldest first.

    Events about keys and mandates that were written before revision 0010 of the tables name no subject.
    """
    columns = (event.c.at, event.c.kind, event.c.actor, event.c.detail)
    query = select(*columns).where(*_is_about(subject)).order_by(event.c.id)
    return [
        Event(at, Kind(kind), actor, subject, msgspec.json.decode(detail))
        for at, kind, actor, detail in connection.execute(query)
    ]


def of_declaration(connection: Connection, declaration_id: int) -> list[Event]:
    """The events about all versions of a declaration, oldest first."""
    columns = (event.c.at, event.c.kind, event.c.actor, event.c.version_id, event.c.detail)
    mine = select(version.c.id).where(version.c.declaration_id == declaration_id)
    query = select(*columns).where(event.c.version_id.in_(mine)).order_by(event.c.id)
    return [
        Event(at, Kind(kind), actor, version_id, msgspec.json.decode(detail))
        for at, kind, actor, version_id, detail in connection.execute(query)
    ]


def _is_about(subject: int | Subject) -> tuple[ColumnElement[bool], ...]:
    if isinstance(subject, Subject):
        return event.c.subject_kind == subject.kind, event.c.subject_id == subject.id
    return (event.c.version_id == subject,)
