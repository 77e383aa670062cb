"""The record of who read what: who reads what is not its own leaves an event, written before the answer goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from singlewindow.clearance.window import Window
from singlewindow.security.keys import Principal, Role
from singlewindow.storage import events
from singlewindow.storage.engines import clock

UNRECORDED = frozenset({Role.TRADER})
"""Who reads its own declarations only. Every other role is recorded, one that is added tomorrow too."""


def record_reading(window: Window, reader: Principal, call: str, told: Mapping[str, Any]) -> None:
    """Note that `reader` was told this by that call; raises the database's error, and then nothing may be told."""
    if reader.role in UNRECORDED:
        return
    detail = {"call": call, "key_id": reader.key_id, **told}
    with window.engine.begin() as connection:
        events.record(connection, [events.Event(clock(connection), events.Kind.READ, reader.actor, None, detail)])
