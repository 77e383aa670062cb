"""Who read what: reading what is not one's own leaves an event, written before the answer goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from singlewindow.access.keys import Caller, Role
from singlewindow.storage import events
from singlewindow.storage.engine.connect import clock

PARTIES = frozenset({Role.TRADER, Role.BROKER})
"""The roles that have declarations of their own. Every other role reads what is others', one added tomorrow too."""


def reads_its_own(reader: Caller) -> bool:
    """Whether what a party may read is the reader's own: not where a broker stands in another's place."""
    return reader.role in PARTIES and not reader.acts_for_another


def record_reading(engine: Engine, reader: Caller, call: str, disclosed: Mapping[str, Any]) -> None:
    """Record that a call disclosed this to `reader`; where the database raises its error, nothing may be shown."""
    detail = {"call": call, "key_id": reader.key_id, **disclosed}
    with engine.begin() as connection:
        now, subject = clock(connection), events.about_key(reader.key_id)
        events.record(connection, [events.Event(now, events.Kind.READ, reader.actor, subject, detail)])
