"""A pooled PostgreSQL connection is asked whether it still stands only where it may not: asking costs a round trip.

A server that ends a connection says so on its socket, and a connection that rests is told nothing else. So one that was
used a moment ago and is silent still stands; one that has rested long may have been cut off without a word.
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
    """Let a PostgreSQL engine hand out only connections that stand; where one does not, all others are made anew."""

    @event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: Any) -> None:
        record.info[_RESTING] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def take(connection: Any, record: Any, _fairy: Any) -> None:
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
