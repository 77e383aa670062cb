"""Compares the record with its trail: stored documents, answers and decisions with the events that recorded them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Engine

from singlewindow.audit.commitments import differences
from singlewindow.storage.engine.connect import reading
from singlewindow.storage.trail import reconciliation

PAGE = 200


def compare_with_trail(engine: Engine) -> Iterator[tuple[int, list[str]]]:
    """For each page: how many versions it has, and, in words, where they differ from their events."""
    last = 0
    while True:
        with reading(engine, together=True) as connection:
            page = reconciliation.version_ids(connection, last, PAGE)
            found = list(_page_differences(connection, page))
        if not page:
            return
        yield len(page), found
        last = page[-1]


def _page_differences(connection: Connection, page: list[int]) -> Iterator[str]:
    recorded = reconciliation.recorded_changes(connection, page)
    stored = reconciliation.stored_changes(connection, page)
    for version_id in page:
        for words in differences(stored.get(version_id, []), recorded.get(version_id, [])):
            yield f"version {version_id}, {words}"
