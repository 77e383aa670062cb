"""A dispatcher's sign of life, written to the record every two seconds while it works."""

from __future__ import annotations

import os
import socket
import time

from sqlalchemy import Engine

from singlewindow import __version__
from singlewindow.storage import heartbeats
from singlewindow.storage.engine.connect import clock
from singlewindow.storage.engine.ids import new_id

BEAT_SECONDS = 2.0


class Heartbeat:
    """One process's sign of life; the caller handles SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._process = heartbeats.Dispatcher(new_id(), socket.gethostname(), os.getpid(), __version__)
        self._next = 0.0

    def beat(self) -> None:
        """Record that this process is alive, if it is time to."""
        if time.monotonic() < self._next:
            return
        with self._engine.begin() as connection:
            heartbeats.record_heartbeat(connection, self._process, clock(connection))
        self._next = time.monotonic() + BEAT_SECONDS

    def leave(self) -> None:
        """Record that this process has ended normally."""
        with self._engine.begin() as connection:
            heartbeats.remove_heartbeat(connection, self._process.id)
