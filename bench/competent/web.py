"""Intake of the competent side: one statement, which is one commit and one round trip, and one job."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from functools import lru_cache
from os import environ
from typing import Any

import msgspec
import psycopg
from redis import Redis
from rq import Queue

from bench.parts import Lodging, create_app, parts, serve

QUEUE = "competent"
LODGE = """
WITH declared AS (
  INSERT INTO declaration (id, mrn, party, lrn, media, received, received_sha256, canonical, content_sha256,
                           warnings, routing, lodged_at)
  VALUES (%(id)s, %(mrn)s, %(party)s, %(lrn)s, %(media)s, %(received)b, %(received_sha256)b, %(canonical)b,
          %(content_sha256)b, %(warnings)b, %(routing)b, %(now)s)
), told AS (
  INSERT INTO event (declaration_id, at, kind, actor, detail)
  VALUES (%(id)s, %(now)s, 'lodged', %(actor)s, %(detail)b)
), noticed AS (
  INSERT INTO notice (declaration_id, function_code, issued_at) VALUES (%(id)s, '01', %(now)s)
)
INSERT INTO feed (declaration_id, agency, kind, at)
SELECT %(id)s, agency, 'asked', %(now)s FROM unnest(%(agencies)s::text[]) AS agency
"""

_queue = Queue(QUEUE, connection=Redis.from_url(environ["REDIS_URL"]))
_here = threading.local()


def connection() -> psycopg.Connection[Any]:
    """The thread's connection; each statement is a transaction."""
    if not hasattr(_here, "connection"):
        address = environ["DATABASE_URL"].replace("+psycopg", "")
        _here.connection = psycopg.connect(address, autocommit=True, prepare_threshold=1)
    made: psycopg.Connection[Any] = _here.connection
    return made


@lru_cache(maxsize=10_000)
def party_of(key: str) -> str | None:
    """Whose key it is, asked of the database once."""
    digest = hashlib.sha256(key.encode()).digest()
    row = connection().execute("SELECT party FROM key WHERE secret_sha256 = %b", (digest,)).fetchone()
    return str(row[0]) if row else None


def store(lodging: Lodging) -> None:
    """Write the declaration and all that goes with it, then ask for its job."""
    agencies = [entry.agency for entry in lodging.asked]
    values = vars(lodging) | {
        "routing": msgspec.json.encode(lodging.routing), "now": time.time_ns() // 1_000, "agencies": agencies,
        "actor": f"trader:{lodging.party}", "detail": msgspec.json.encode({"mrn": lodging.mrn, "asked": agencies}),
    }  # fmt: skip
    connection().execute(LODGE, values)
    _queue.enqueue("bench.competent.jobs.clear", lodging.id)


if __name__ == "__main__":
    parts()
    serve(create_app(party_of, store), int(sys.argv[1]))
