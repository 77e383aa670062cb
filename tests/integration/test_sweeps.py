"""Sweeps do not wait: what somebody else holds is passed over, and what is left is said to the database at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import event

from adapters.contract import NotRetryable, Pending, Retryable, View
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.deciding import dispatch
from singlewindow.clearance.deciding.assess import assess_batches
from singlewindow.decisions.assessment import Assessment
from singlewindow.storage import declarations
from tests.documents import original
from tests.integration.lodging import arrival, store
from tests.integration.record import change, rows


def lodged(context: ClearanceContext, count: int) -> list[int]:
    store(context, [arrival(context, f"LRN{each}", original(f"LRN{each}")) for each in range(count)])
    return [version_id for (version_id,) in rows(context, "SELECT id FROM version ORDER BY id")]


many_writers = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time."""


@contextmanager
def held(context: ClearanceContext, version_id: int) -> Iterator[None]:
    """Somebody decides this version, and takes a long time."""
    with context.engine.begin() as connection:
        assert declarations.lock_versions(connection, [version_id])
        began = time.monotonic()
        yield
        assert time.monotonic() - began < 1.5  # a lock is waited for two seconds


@many_writers
def test_a_version_that_somebody_holds_does_not_stop_the_closing_of_others(context: ClearanceContext) -> None:
    first, second = lodged(context, 2)
    change(context, "UPDATE outbox SET deadline_at = 0")
    with held(context, first):
        assert dispatch.answer_for_silence(context) > 0
        assert rows(context, "SELECT version_id FROM decision") == [(second,)]
    dispatch.answer_for_silence(context)
    assert rows(context, "SELECT count(*) FROM decision") == [(2,)]
    assert rows(context, "SELECT count(*) FROM outbox") == [(0,)]


@many_writers
def test_a_version_that_somebody_holds_does_not_stop_the_taking_back_of_other_batches(
    context: ClearanceContext,
) -> None:
    first, second = lodged(context, 2)
    change(context, f"UPDATE outbox SET due_at = {2**62} WHERE version_id = {second}")
    dispatch.make_batches(context)
    change(context, f"UPDATE outbox SET due_at = 0 WHERE version_id = {second}")
    dispatch.make_batches(context)
    change(context, "UPDATE batch SET claimed = true, lease_until = 0")
    with held(context, first):
        assert dispatch.take_back(context) > 0
        assert rows(context, "SELECT DISTINCT version_id FROM outbox WHERE batch_id IS NULL") == [(second,)]
        assert rows(context, "SELECT DISTINCT version_id FROM outbox WHERE batch_id IS NOT NULL") == [(first,)]
    assert dispatch.take_back(context) > 0
    assert rows(context, "SELECT count(*) FROM batch") == [(0,)]


class Failing:
    """An agency that fails in another way each time."""

    def __init__(self, agency: str) -> None:
        self.agency, self.errors = agency, self._errors()

    def _errors(self) -> Iterator[Exception]:
        while True:
            yield from (
                Retryable("busy", 5.0),
                Retryable("held back", counts=False),
                NotRetryable("no"),
                Pending("soon"),
            )

    def assess(self, view: View) -> Assessment:
        raise next(self.errors)


def test_all_that_failed_goes_back_in_one_statement(context: ClearanceContext) -> None:
    lodged(context, 8)
    customs = next(batch for batch in dispatch.make_batches(context) if batch.agency == "customs")
    seen: list[str] = []
    event.listen(context.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    failing = replace(context, adapters={**context.adapters, "customs": Failing("customs")})
    assert assess_batches(failing, customs.id) == 0
    assert len([statement for statement in seen if "UPDATE outbox" in statement]) == 1
    columns = "failure, attempts, parked, awaiting, dispatched_at IS NULL"
    query = f"SELECT DISTINCT {columns} FROM outbox WHERE agency = 'customs'"
    assert {tuple(row) for row in rows(context, query)} == {
        ("busy", 1, False, False, False), ("held back", 0, False, False, True), ("no", 1, True, False, False),
        (None, 0, False, True, False),
    }  # fmt: skip
    assert rows(context, "SELECT count(*) FROM event WHERE kind = 'parked'") == [(2,)]


def test_all_lost_batches_end_in_one_statement_each_for_questions_and_batches(context: ClearanceContext) -> None:
    small = replace(context, settings=msgspec.structs.replace(context.settings, sw_batch_size=1))
    lodged(context, 3)
    lost = {batch.id for _ in range(3) for batch in dispatch.make_batches(small)}
    change(context, f"UPDATE batch SET lease_until = 0, claimed = (id = {min(lost)})")
    seen: list[str] = []
    event.listen(context.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert dispatch.take_back(context) == len(lost) > 2
    changed = [statement.split()[:3] for statement in seen if statement.startswith(("UPDATE outbox", "DELETE"))]
    assert changed == [["UPDATE", "outbox", "SET"], ["DELETE", "FROM", "batch"]]
    assert sorted(number for (number,) in rows(context, "SELECT attempts FROM outbox")) == [0] * (len(lost) - 1) + [1]
    assert rows(context, "SELECT failure FROM outbox WHERE attempts = 1") == [("the worker ended before it answered",)]
