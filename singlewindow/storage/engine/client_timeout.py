"""A PostgreSQL connection that does not wait for ever: a frozen server or a lost network soon becomes an error.

The server's own statement limit works only while the server runs, and TCP's limits do not work on Unix sockets; this
one works in the client. While a server does not answer, one caller at a time tries again and the others are refused at
once.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import psycopg
from psycopg import errors
from sqlalchemy import Engine, event

ANSWER_SECONDS: Final = 5.5
"""A little longer than the server's own statement limit, whose error says more."""


class _Patience:
    """What one engine knows about its server: whether it has failed to answer, and who is trying again."""

    def __init__(self) -> None:
        self.suspect = False
        self.asking = threading.Lock()


def limit_waiting(engine: Engine) -> None:
    """Give every connection of a PostgreSQL engine this limit; call it before the first is opened."""
    patience = _Patience()

    class Connection(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
            except errors._WaitTimeout:
                if timeout is None:
                    patience.suspect = True
                    self.pgconn.finish()
                    raise errors.OperationalError(f"the database did not answer within {ANSWER_SECONDS} s") from None
                raise

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, positional: list[Any], named: dict[str, Any]) -> Any:
        if not patience.suspect:
            return _connect_noting_failure(patience, Connection, positional, named)
        if not patience.asking.acquire(blocking=False):
            raise errors.OperationalError("the database did not answer a moment ago; it is being asked again")
        try:
            return _connect_noting_failure(patience, Connection, positional, named)
        finally:
            patience.asking.release()


def _connect_noting_failure(patience: _Patience, kind: type[Any], positional: list[Any], named: dict[str, Any]) -> Any:
    try:
        made = kind.connect(*positional, **named)
    except psycopg.OperationalError:
        patience.suspect = True
        raise
    patience.suspect = False
    return made
