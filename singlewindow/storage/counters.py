"""Running totals, written in the transaction of what they count, so that reading one always costs the same.

A total is spread over a few rows, and each transaction adds to a random one, so that two that decide at the same moment
seldom wait for each other. Unanswered questions are counted before the streams are locked and decisions after
it, each in the order of their names, so that no two transactions can deadlock.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, func, select

from singlewindow.storage.engine.bulk import add_up
from singlewindow.storage.tables import tally

SHARDS: Final = 16
DECIDED, UNANSWERED, DELIVERED = "decided", "unanswered", "delivered"
ACCEPTED, FAILED, GIVEN_UP = "accepted", "failed", "given-up"


def decided_total(outcome: str) -> str:
    """The total of decisions with this outcome."""
    return f"{DECIDED}/{outcome}"


def unanswered_total(agency: str, answer: str) -> str:
    """The total of an agency's questions that were closed without its answer: `answer` is silent or failed."""
    return f"{UNANSWERED}/{agency}/{answer}"


def delivered_total(outcome: str) -> str:
    """The total of messages that were accepted or given up, or of attempts that failed."""
    return f"{DELIVERED}/{outcome}"


def add_counts(connection: Connection, names: Iterable[str]) -> None:
    """Add one for every name given; a name given twice counts twice."""
    shard = secrets.randbelow(SHARDS)
    rows = [{"name": name, "shard": shard, "count": count} for name, count in sorted(Counter(names).items())]
    add_up(connection, tally, rows, "count")


def totals(connection: Connection) -> dict[tuple[str, ...], int]:
    """Every total, by the parts of its name."""
    rows = connection.execute(select(tally.c.name, func.sum(tally.c.count)).group_by(tally.c.name))
    return {tuple(row[0].split("/")): int(row[1]) for row in rows}
