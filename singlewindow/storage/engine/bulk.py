"""Writes many rows in one statement: on PostgreSQL one array for each column, on SQLite rows of parameters.

With arrays the statement's text is the same for any number of rows, so the server plans it once and the client builds
it once; otherwise that would be most of the cost of small rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, ColumnElement, Connection, any_, bindparam, insert, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.schema import Table

from singlewindow.storage.tables import Record

Row = dict[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, which all have the same columns; an empty list is allowed."""
    insert_together(connection, (table, rows))


def insert_together(connection: Connection, *writes: tuple[Table, Sequence[Row]]) -> None:
    """Insert rows into several tables, in one statement if the engine can; rows may refer to those of others."""
    given = [(table, tuple(rows[0]), rows) for table, rows in writes if rows]
    if given and _has_arrays(connection):
        arrays = tuple(array for _, columns, rows in given for array in _column_arrays(columns, rows))
        connection.exec_driver_sql(_joint_insert(*((table, columns) for table, columns, _ in given)), arrays)
    else:
        for table, _, rows in given:
            connection.execute(insert(table), list(rows))


def insert_new_rows(connection: Connection, table: Table, rows: Sequence[Row], key: Sequence[str]) -> set[int]:
    """Insert rows with new values in their `key` columns; returns the first column's values of those inserted.

    Any other clash is still an error. Rows are inserted in the order given.
    """
    if not rows:
        return set()
    columns = tuple(rows[0])
    if _has_arrays(connection):
        text = f"{_array_insert(table, columns)} ON CONFLICT ({', '.join(key)}) DO NOTHING RETURNING {columns[0]}"
        return {int(row[0]) for row in connection.exec_driver_sql(text, _column_arrays(columns, rows))}
    statement = upsert(connection, table).values(list(rows)).on_conflict_do_nothing(index_elements=list(key))
    return {int(row[0]) for row in connection.execute(statement.returning(table.c[columns[0]]))}


def add_up(connection: Connection, table: Table, rows: Sequence[Row], total: str) -> list[Record]:
    """Insert rows, or add their `total` to that of the row with the same primary key; returns the resulting rows.

    Rows are locked in the order given.
    """
    if not rows:
        return []
    columns, key = tuple(rows[0]), [column.name for column in table.primary_key]
    if _has_arrays(connection):
        added = f"{total} = {table.name}.{total} + excluded.{total}"
        text = f"{_array_insert(table, columns)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added} RETURNING *"
        return list(connection.exec_driver_sql(text, _column_arrays(columns, rows)))
    statement = upsert(connection, table).values(list(rows))
    more = {total: table.c[total] + statement.excluded[total]}
    return list(connection.execute(statement.on_conflict_do_update(index_elements=key, set_=more).returning(*table.c)))


def set_rows(
    connection: Connection, table: Table, key: str, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]
) -> None:
    """Set columns of many rows in one statement; each of `rows` is the key's value and those of the columns."""
    if not rows:
        return
    names = (key, *columns)
    if _has_arrays(connection):
        connection.exec_driver_sql(_update(table, names), tuple(map(list, zip(*rows, strict=True))))
        return
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    statement = update(table).where(table.c[key] == bindparam(f"new_{key}")).values(**values)
    connection.execute(
        statement, [{f"new_{name}": value for name, value in zip(names, row, strict=True)} for row in rows]
    )


def is_among(connection: Connection, column: Column[int], values: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a whole number is one of `values`."""
    if _has_arrays(connection):
        return column == any_(literal(list(values), ARRAY(BigInteger)))
    return column.in_(list(values))


def upsert(connection: Connection, table: Table) -> Any:
    """The engine's own INSERT, which offers ON CONFLICT DO UPDATE."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _has_arrays(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


@cache
def _joint_insert(*tables: tuple[Table, tuple[str, ...]]) -> str:
    *before, last = (_array_insert(table, columns) for table, columns in tables)
    parts = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(before))
    return f"WITH {parts} {last}" if parts else last


@cache
def _array_insert(table: Table, columns: tuple[str, ...]) -> str:
    # Arrays go in the binary form: as text, every byte of a document would be written as two digits.
    arrays = ", ".join(f"%b::{_column_type(table, name)}[]" for name in columns)
    names = ", ".join(columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of our tables


@cache
def _update(table: Table, names: tuple[str, ...]) -> str:
    key, *columns = names
    arrays = ", ".join(f"%b::{_column_type(table, name)}[]" for name in names)
    changes = ", ".join(f"{name} = given.{name}" for name in columns)
    given = f"unnest({arrays}) AS given ({', '.join(names)})"
    return f"UPDATE {table.name} SET {changes} FROM {given} WHERE {table.name}.{key} = given.{key}"  # noqa: S608 - names of our tables


def _column_type(table: Table, name: str) -> str:
    return table.c[name].type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]


def _column_arrays(columns: tuple[str, ...], rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple([row[name] for row in rows] for name in columns)
