"""The one job of the competent side: all agencies concerned, the merge, and one transaction for what came of it."""

from __future__ import annotations

import time
from functools import cache
from os import environ
from typing import Any

import msgspec
import psycopg

from bench.parts import answer
from singlewindow.agencies.routing import Routing
from singlewindow.decisions.merge import merge

READ = "SELECT mrn, canonical, routing FROM declaration WHERE id = %s"
ASSESSED = """INSERT INTO assessment (declaration_id, agency, lane, body, answered_at) VALUES (%s, %s, %s, %b, %s)"""
EVENT = "INSERT INTO event (declaration_id, at, kind, actor, detail) VALUES (%s, %s, %s, %s, %b)"
DECIDED = """
WITH decided AS (
  INSERT INTO decision (declaration_id, outcome, lane, fingerprint, body, decided_at)
  VALUES (%(id)s, %(outcome)s, %(lane)s, %(fingerprint)s, %(body)b, %(now)s)
), noticed AS (
  INSERT INTO notice (declaration_id, function_code, issued_at) VALUES (%(id)s, %(code)s, %(now)s)
), fed AS (
  INSERT INTO feed (declaration_id, agency, kind, at)
  SELECT %(id)s, agency, 'decided', %(now)s FROM unnest(%(agencies)s::text[]) AS agency
)
UPDATE declaration SET decided_at = %(now)s WHERE id = %(id)s
"""

_routing = msgspec.json.Decoder(list[Routing])


@cache
def connection() -> psycopg.Connection[Any]:
    """The worker's connection."""
    address = environ["DATABASE_URL"].replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True, prepare_threshold=1)


def clear(declaration_id: int) -> None:
    """Ask, merge and write."""
    row = connection().execute(READ, (declaration_id,), binary=True).fetchone()
    assert row is not None
    mrn, form, routing = row
    asked = [entry for entry in _routing.decode(routing) if entry.asked]
    given = [answer(form, mrn, entry) for entry in asked]
    verdict = merge(given, [entry.agency for entry in asked])
    now = time.time_ns() // 1_000
    assessed = [(declaration_id, one.agency, one.lane, msgspec.json.encode(one), now) for one in given]
    trail = [
        (declaration_id, now, "assessed", f"agency:{one.agency}",
         msgspec.json.encode({"agency": one.agency, "answer": one.answer, "profiles": one.profiles}))
        for one in given
    ]  # fmt: skip
    told = msgspec.json.encode({"outcome": verdict.outcome, "fingerprint": verdict.fingerprint})
    decision = {
        "id": declaration_id, "outcome": verdict.outcome, "lane": verdict.lane, "fingerprint": verdict.fingerprint,
        "body": msgspec.json.encode(verdict), "now": now, "code": verdict.function_code,
        "agencies": [entry.agency for entry in asked],
    }  # fmt: skip
    with connection().transaction(), connection().pipeline(), connection().cursor() as cursor:
        cursor.executemany(ASSESSED, assessed)
        cursor.executemany(EVENT, [*trail, (declaration_id, now, "decided", "system", told)])
        cursor.execute(DECIDED, decision)
