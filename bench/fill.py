"""Fills a database with decided declarations by copying real ones in SQL: every table, every index, nothing clashing.

The originals were lodged and decided by the product itself. A copy's ids and moments are earlier than those of the
originals, so that what is lodged afterwards comes at the end of every index, as in a record that has grown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from singlewindow.storage.tables import metadata

CHUNK = 50_000
MARGIN = 1 << 30
IDS = {"declaration": ("id",), "version": ("id", "declaration_id")}
OF_VERSION = ("event", "assessment", "decision", "notice", "feed")
NUMBERED = {"notice": ("notice/", "party"), "feed": ("feed/", "agency")}
CHAIN = ("stream", "number", "link")
"""A copied event stands in none of the audit trail's streams, like one that an older version wrote."""
MOMENTS = ("at", "lodged_at", "received_at", "decided_at", "asked_at", "dispatched_at", "answered_at", "issued_at")
CHANGED = {"mrn": "overlay({0} placing lpad(to_hex(copy), 4, '0') from 5 for 4)", "lrn": "{0} || '-' || copy"}


def fill(address: str, stored: int, say: Callable[[str], None]) -> None:
    """Copy what is in the database until about `stored` declarations are in it; raises ValueError if it is empty."""
    url = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        # Nobody else is connected, and the originals keep their keys: checking a million of them says nothing.
        connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        originals = _number(connection, "SELECT count(*) FROM declaration")
        if not originals:
            raise ValueError("There is nothing to copy; lodge declarations first")
        copies = stored // originals - 1
        _set_originals_aside(connection)
        span = _number(connection, "SELECT max(id) - min(id) FROM original_version") + MARGIN
        step = max(1, CHUNK // originals)
        for first in range(1, copies + 1, step):
            last = min(copies, first + step - 1)
            for table in (*IDS, *OF_VERSION):
                connection.execute(_copy(table, span), {"first": first, "last": last})
            say(f"{(last + 1) * originals:,} of {stored:,} stored")
        connection.execute("UPDATE stream SET last_number = last_number * %s", (copies + 1,))
        connection.execute("UPDATE tally SET count = count * %s", (copies + 1,))
        for table in (*IDS, *OF_VERSION):
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"original_{table}")))
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0] or 0) if row else 0


def _set_originals_aside(connection: psycopg.Connection[Any]) -> None:
    for table in (*IDS, *OF_VERSION):
        names = sql.Identifier(f"original_{table}"), sql.Identifier(table)
        chosen = sql.SQL("WHERE version_id IS NOT NULL" if table == "event" else "")
        connection.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {} {}").format(*names, chosen))


def _copy(table: str, span: int) -> sql.Composed:
    columns = [column.name for column in metadata.tables[table].columns if (table, column.name) != ("event", "id")]
    numbered = NUMBERED.get(table)
    joined = f"JOIN stream ON stream.name = '{numbered[0]}' || original.{numbered[1]}" if numbered else ""
    return sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(%(first)s::int, %(last)s::int) AS copy"
        " CROSS JOIN {original} AS original {joined}"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(sql.SQL(_value(name, table, span)) for name in columns),
        original=sql.Identifier(f"original_{table}"),
        joined=sql.SQL(joined),
    )


def _value(name: str, table: str, span: int) -> str:
    column = f"original.{name}"
    if name in IDS.get(table, ("version_id",)):
        return f"{column} - copy * {span}::bigint"
    if name in MOMENTS:
        return f"{column} - copy * {span >> 22}::bigint * 1000"
    if table == "event" and name in CHAIN:
        return "NULL"
    if name == "number" and table in NUMBERED:
        return f"{column} + copy * stream.last_number"
    return CHANGED.get(name, "{0}").format(column)
