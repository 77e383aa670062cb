"""The record of who read what: who reads what is not its own leaves an event, written before the answer goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from singlewindow.access.keys import Caller, Role
from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage import events
from singlewindow.storage.engine.connect import clock

PARTIES = frozenset({Role.TRADER, Role.BROKER})
"""Who has declarations of its own. Every other role reads what is others', one that is added tomorrow too."""


def reads_its_own(reader: Caller) -> bool:
    """Whether what a party may read is the reader's own: not where a broker stands in another's place."""
    return reader.role in PARTIES and not reader.acts_for_another


def record_reading(context: ClearanceContext, reader: Caller, call: str, told: Mapping[str, Any]) -> None:
    """Note that `reader` was told this by that call; raises the database's error, and then nothing may be told."""
    detail = {"call": call, "key_id": reader.key_id, **told}
    with context.engine.begin() as connection:
        now, subject = clock(connection), events.about_key(reader.key_id)
        events.record(connection, [events.Event(now, events.Kind.READ, reader.actor, subject, detail)])
