"""The tables, one module for each aggregate. Times are microseconds since 1970 UTC by the database's own clock."""

from __future__ import annotations

from singlewindow.storage.tables.access import key, mandate
from singlewindow.storage.tables.answers import (
    assessment,
    decision,
    late_assessment,
    later_decision,
    later_late_assessment,
)
from singlewindow.storage.tables.declarations import declaration, request, version
from singlewindow.storage.tables.deliveries import delivery, delivery_attempt, subscription, subscription_secret
from singlewindow.storage.tables.documents import document, documents_answer
from singlewindow.storage.tables.events import checkpoint, event, trail
from singlewindow.storage.tables.inspections import (
    control_record,
    inspection,
    inspection_agency,
    item_result,
    result_override,
    slot,
)
from singlewindow.storage.tables.metadata import Record, metadata
from singlewindow.storage.tables.operations import dispatcher, tally
from singlewindow.storage.tables.questions import FAILED, FRESH, WAITING, batch, open_question, query
from singlewindow.storage.tables.streams import feed, notice, stream

__all__ = [
    "FAILED",
    "FRESH",
    "WAITING",
    "Record",
    "assessment",
    "batch",
    "checkpoint",
    "control_record",
    "decision",
    "declaration",
    "delivery",
    "delivery_attempt",
    "dispatcher",
    "document",
    "documents_answer",
    "event",
    "feed",
    "inspection",
    "inspection_agency",
    "item_result",
    "key",
    "late_assessment",
    "later_decision",
    "later_late_assessment",
    "mandate",
    "metadata",
    "notice",
    "open_question",
    "query",
    "request",
    "result_override",
    "slot",
    "stream",
    "subscription",
    "subscription_secret",
    "tally",
    "trail",
    "version",
]
