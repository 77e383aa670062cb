"""Who read what: reading somebody else's data leaves an event, written before the answer is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from singlewindow.access.keys import Caller, Role
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.trail import events

PARTIES = frozenset({Role.TRADER, Role.BROKER})
"""The roles with declarations of their own. All other roles, also future ones, read those of others."""


def reads_its_own(reader: Caller) -> bool:
    """Whether the reader reads its own data; a broker that acts for another party does not."""
    return reader.role in PARTIES and not reader.acts_for_another


def record_reading(engine: Engine, reader: Caller, call: str, disclosed: Mapping[str, Any]) -> None:
    """Record that a call disclosed this to `reader`; if the database raises an error, nothing may be shown."""
    detail = {"call": call, "key_id": reader.key_id, **disclosed}
    with engine.begin() as connection:
        now, subject = clock(connection), events.about_key(reader.key_id)
        events.record(connection, [events.Event(now, events.Kind.READ, reader.actor, subject, detail)])
