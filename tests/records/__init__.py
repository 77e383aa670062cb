"""Records as earlier releases left them, row for row, at the first tables (0001) and before events had subjects (0009).

Both were written by the code of their day, with open work in every state; of 0009 there are its export and checkpoints,
too. Declarations bear as LRN what became of them: DECIDED, LATE (an answer after the deadline), MIXED (answered,
parked, awaiting), WAITING (in a claimed batch, in another, failed once) and OPEN.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDS = Path(__file__).parent
EXPORT = RECORDS / "0009-export.txt"
CHECKPOINTS = RECORDS / "0009-checkpoints.txt"
DIGESTS = frozenset({"received_sha256", "content_sha256", "secret_sha256", "link"})
TEXTS = frozenset({"received", "canonical", "warnings", "routing", "body", "detail", "line"})

Rows = list[dict[str, Any]]


def record_at(revision: str) -> dict[str, Rows]:
    """The rows of every table, in an order in which they can be inserted."""
    tables: dict[str, Rows] = json.loads((RECORDS / f"{revision}.json").read_bytes())
    return {table: [{name: _stored(name, row[name]) for name in row} for row in rows] for table, rows in tables.items()}


def _stored(name: str, value: Any) -> Any:
    if name in DIGESTS:
        return bytes.fromhex(value)
    return value.encode() if name in TEXTS else value
