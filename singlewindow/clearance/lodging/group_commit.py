"""Group commit at intake: lodgements that wait at the same moment share one transaction and one wait for the disk.

Each caller gets its own answer after the commit. In quiet times a lodgement is written alone and at once; under load, a
group grows while the one before it is being written.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from singlewindow.agencies.agency import Agency
from singlewindow.clearance.lodging.store import Lodgement, Stored, store_lodgements

LARGEST_GROUP: Final = 100
PATIENCE_SECONDS: Final = 9.0
"""Longer than the database's own statement limit; after it the caller should try again."""

Waiting = tuple[Lodgement, "Future[Stored]"]


class GroupCommit:
    """One writer for all threads of a web process."""

    def __init__(self, engine: Engine, agencies: Mapping[str, Agency]) -> None:
        self._engine, self._agencies = engine, agencies
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def submit(self, lodgement: Lodgement) -> Future[Stored]:
        """Put a lodgement in line; returns the promise of its answer, or of the database's error.

        Wait for it no longer than `PATIENCE_SECONDS`. After a TimeoutError nobody knows whether the lodgement was
        stored: send it again to get the answer.
        """
        answer: Future[Stored] = Future()
        self._waiting.put((lodgement, answer))
        self._ensure_writer()
        return answer

    def _ensure_writer(self) -> None:
        with self._starting:
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write_groups, name="group commit", daemon=True)
                self._writer.start()

    def _write_groups(self) -> None:
        while True:
            group = [self._waiting.get()]
            while len(group) < LARGEST_GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            self._settle_group([entry for entry in group if entry[1].set_running_or_notify_cancel()])

    def _settle_group(self, group: list[Waiting]) -> None:
        """Give every caller of the group its answer or its error."""
        try:
            answers = store_lodgements(self._engine, self._agencies, [lodgement for lodgement, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the callers, not to this thread
            self._store_apart(group, error)
        else:
            for (_, answer), given in zip(group, answers, strict=True):
                answer.set_result(given)

    def _store_apart(self, group: list[Waiting], error: Exception) -> None:
        """Store a group; a lodgement that cannot be stored fails alone, a database that is away fails them all."""
        if len(group) == 1 or _database_is_away(error):
            for _, answer in group:
                answer.set_exception(error)
            return
        for entry in group:
            self._settle_group([entry])


def _database_is_away(error: Exception) -> bool:
    return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError)
