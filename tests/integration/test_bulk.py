"""Many rows in one statement, on both engines: what goes in comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    select,
)
from sqlalchemy.exc import IntegrityError

from singlewindow.clearance.context import ClearanceContext
from singlewindow.storage.engine.bulk import add_up, insert_new_rows, insert_rows, insert_together, is_among

metadata = MetaData()
crate = Table(
    "crate", metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False), Column("label", Text),
    Column("content", LargeBinary), Column("sealed", Boolean),
)  # fmt: skip
load = Table(
    "load", metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False), Column("crate_id", ForeignKey("crate.id")),
)  # fmt: skip

stock = Table(
    "stock", metadata,
    Column("label", Text, primary_key=True), Column("shelf", BigInteger, primary_key=True),
    Column("pieces", BigInteger),
)  # fmt: skip

ADDED = st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 1)), st.integers(0, 2**40), max_size=4)
VALUES = st.fixed_dictionaries({
    "id": st.integers(0, 2**63 - 1),
    "label": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    "content": st.none() | st.binary(),
    "sealed": st.none() | st.booleans(),
})  # fmt: skip
ROWS = st.lists(VALUES, max_size=6, unique_by=lambda row: row["id"])


def stored(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(crate).order_by(crate.c.id)).mappings()]


def rows(*ids: int) -> Sequence[dict[str, Any]]:
    return [{"id": each, "label": str(each), "content": b"", "sealed": True} for each in ids]


@pytest.fixture(autouse=True)
def tables(context: ClearanceContext) -> None:
    metadata.create_all(context.engine)


@given(given_rows=ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_goes_in_comes_out(context: ClearanceContext, given_rows: list[dict[str, Any]]) -> None:
    with context.engine.begin() as connection:
        connection.execute(delete(crate))
        insert_rows(connection, crate, given_rows)
        assert stored(connection) == sorted(given_rows, key=lambda row: row["id"])


def test_rows_may_refer_to_rows_of_the_same_statement(context: ClearanceContext) -> None:
    with context.engine.begin() as connection:
        loads = [{"id": 1, "crate_id": 7}, {"id": 2, "crate_id": 7}]
        insert_together(connection, (crate, rows(7)), (load, loads), (crate, []))
        assert connection.execute(select(load.c.crate_id)).scalars().all() == [7, 7]


def test_a_row_that_refers_to_nothing_undoes_all(context: ClearanceContext) -> None:
    with pytest.raises(IntegrityError), context.engine.begin() as connection:
        insert_together(connection, (crate, rows(7)), (load, [{"id": 1, "crate_id": 8}]))
    with context.engine.begin() as connection:
        assert stored(connection) == []


def test_new_rows_are_told_from_those_that_stand(context: ClearanceContext) -> None:
    with context.engine.begin() as connection:
        insert_rows(connection, crate, rows(1, 2))
        assert insert_new_rows(connection, crate, rows(2, 3, 4), ("id",)) == {3, 4}


def test_any_other_clash_is_an_error(context: ClearanceContext) -> None:
    with pytest.raises(IntegrityError), context.engine.begin() as connection:
        insert_rows(connection, crate, rows(1, 1))


def test_among_chooses_the_rows_named_and_none_where_none_is_named(context: ClearanceContext) -> None:
    with context.engine.begin() as connection:
        insert_rows(connection, crate, rows(1, 2, 3))
        chosen = select(crate.c.id).order_by(crate.c.id)
        assert connection.execute(chosen.where(is_among(connection, crate.c.id, [3, 1]))).scalars().all() == [1, 3]
        assert connection.execute(chosen.where(is_among(connection, crate.c.id, []))).scalars().all() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ADDED))
def test_totals_are_what_was_added(context: ClearanceContext, rounds: list[dict[tuple[str, int], int]]) -> None:
    expected: Counter[tuple[str, int]] = Counter()
    with context.engine.begin() as connection:
        connection.execute(delete(stock))
        for added in rounds:
            expected.update(added)
            given = [{"label": key[0], "shelf": key[1], "pieces": pieces} for key, pieces in sorted(added.items())]
            told = {(row.label, row.shelf): row.pieces for row in add_up(connection, stock, given, "pieces")}
            assert told == {key: expected[key] for key in added}
        assert {(row.label, row.shelf): row.pieces for row in connection.execute(select(stock))} == expected
