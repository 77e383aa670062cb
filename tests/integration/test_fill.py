"""A database filled for the bench looks like one that has grown: every table, nothing open, and the service goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from bench.fill import fill
from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage.engine.connect import reading
from singlewindow.storage.tables import metadata
from tests import servers
from tests.integration.conftest import work
from tests.integration.lodging import one

GROWN = ("declaration", "version", "assessment", "decision", "notice", "feed")


def counts(context: ClearanceContext) -> dict[str, int]:
    with reading(context.engine) as connection:
        return {
            name: int(connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
            for name in (*GROWN, "outbox", "batch")
        }


@pytest.fixture
def database_url(migrated_postgres: str, postgres_url: str) -> Iterator[str]:
    """On PostgreSQL only: the bench fills no other."""
    with servers.database(postgres_url, migrated_postgres) as url:
        yield url


def test_filling_multiplies_every_table(context: ClearanceContext) -> None:
    for number in range(3):
        one(context, f"LRN{number}")
    work(context)
    before = counts(context)
    fill(context.settings.database_url, 12, lambda words: None)
    assert counts(context) == {name: 4 * number for name, number in before.items()}


def test_the_service_goes_on_after_filling(context: ClearanceContext) -> None:
    one(context, "LRN1")
    work(context)
    fill(context.settings.database_url, 5, lambda words: None)
    one(context, "LRN2")
    assert work(context) > 0
    assert counts(context)["decision"] == 6


def test_an_empty_database_cannot_be_filled(context: ClearanceContext) -> None:
    with pytest.raises(ValueError, match="nothing to copy"):
        fill(context.settings.database_url, 5, lambda words: None)
