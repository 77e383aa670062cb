"""The quota of undecided declarations per party, counted in the background so that lodging never waits for it.

The count is at most `COUNTED_SECONDS` old, or older if counting takes long; a party can exceed its limit by what it
lodges in that time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from singlewindow.storage import backlog
from singlewindow.storage.engine.connect import reading

log = logging.getLogger(__name__)

COUNTED_SECONDS: Final = 5.0
COUNTING: Final = "open declarations"
"""The name of the thread that counts."""
REST: Final = 20
"""After each count, wait this many times as long: counting never uses more than a twentieth of a processor."""


class Quotas:
    """The parties that have reached their limit, as one process knows them."""

    def __init__(self, engine: Engine, limit: int, now: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._limit, self._now = engine, limit, now
        self._full: frozenset[str] = frozenset()
        self._next = 0.0
        self._counting = threading.Lock()

    def is_full(self, party: str) -> bool:
        """Whether the party has as many undecided declarations as it may have; 0 is no limit."""
        if self._limit > 0 and self._now() >= self._next and self._counting.acquire(blocking=False):
            threading.Thread(target=self._count_undecided, name=COUNTING, daemon=True).start()
        return party in self._full

    def _count_undecided(self) -> None:
        began = self._now()
        try:
            with reading(self._engine) as connection:
                self._full = frozenset(backlog.parties_with_open(connection, self._limit))
        except SQLAlchemyError as error:
            log.warning("undecided declarations could not be counted (%s)", type(error).__name__)
        finally:
            ended = self._now()
            self._next = ended + max(COUNTED_SECONDS, REST * (ended - began))
            self._counting.release()
