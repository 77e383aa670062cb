"""Tests a pooled PostgreSQL connection only if it may have been cut off, because a test costs a round trip.

A server that ends a connection says so on its socket, and an idle connection receives nothing else. So one that was
used a moment ago and is silent still works; one that has been idle for long may have been cut off without notice.
"""

from __future__ import annotations

import select
import time
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

RESTED_SECONDS: Final = 1.0
_RESTING: Final = "resting since"


def ask_where_in_doubt(engine: Engine) -> None:
    """Make a PostgreSQL engine hand out only working connections; if one is broken, all others are made again."""

    @event.listens_for(engine, "checkin")
    def note_return(_connection: Any, record: Any) -> None:
        record.info[_RESTING] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping_if_doubtful(connection: Any, record: Any, _fairy: Any) -> None:
        since = record.info.get(_RESTING)
        if since is None or (time.monotonic() - since < RESTED_SECONDS and _is_silent(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError("the connection is no more") from error


def _is_silent(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has sent nothing: neither data nor the end of the connection."""
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return not waiting.poll(0)
