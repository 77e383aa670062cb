"""Gapless numbers for what others read in order: a trader's notices and an agency's feed.

A number is taken under the stream's row lock, which is held until COMMIT. So a smaller number can never appear after
a larger one was seen, and a reader that goes on from the last number it saw misses nothing. Streams are taken last in a
transaction, after its events, and in the order of their names: the locks are short, and no two writers can wait for
each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table

from singlewindow.storage import audit_chain
from singlewindow.storage.engine.bulk import add_up, insert_together
from singlewindow.storage.tables import feed, notice, stream

Row = dict[str, Any]


def publish(connection: Connection, notices: Iterable[Row], feed_entries: Iterable[Row]) -> None:
    """Number and write notices (rows without `number`) and feed entries, in the order given within each stream."""
    audit_chain.append(connection)
    notice_rows, feed_rows = list(notices), list(feed_entries)
    names = [_name(notice, row["party"]) for row in notice_rows] + [_name(feed, row["agency"]) for row in feed_rows]
    following = _take(connection, Counter(names))
    for name, row in zip(names, notice_rows + feed_rows, strict=True):
        row["number"] = following[name]
        following[name] += 1
    insert_together(connection, (notice, notice_rows), (feed, feed_rows))


def _name(table: Table, owner: str) -> str:
    return f"{table.name}/{owner}"


def _take(connection: Connection, counts: Counter[str]) -> dict[str, int]:
    """For each stream the first of `count` new numbers.

    One statement takes all of them, in the order of their names: the locks are not held for a round trip each.
    """
    rows = [{"name": name, "last_number": count} for name, count in sorted(counts.items())]
    taken = add_up(connection, stream, rows, "last_number")
    return {row.name: int(row.last_number) - counts[row.name] + 1 for row in taken}
