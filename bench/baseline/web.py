"""Intake of the baseline: store the declaration by the ORM, commit, and enqueue a job for each agency asked."""

from __future__ import annotations

import hashlib
import sys
import time
from os import environ

import msgspec
from redis import Redis
from rq import Queue
from sqlalchemy.orm import Session

from bench.baseline.models import Declaration, Event, FeedEntry, Key, Notice, engine
from bench.parts import Lodging, create_app, parts, serve

QUEUE = "baseline"
_queue = Queue(QUEUE, connection=Redis.from_url(environ["REDIS_URL"]))


def party_of(key: str) -> str | None:
    """Whose key it is."""
    with Session(engine()) as session:
        found = session.get(Key, hashlib.sha256(key.encode()).digest())
        return found.party if found else None


def store(lodging: Lodging) -> None:
    """Write the declaration and all that goes with it, then ask the agencies."""
    now = time.time_ns() // 1_000
    asked = [entry.agency for entry in lodging.asked]
    detail = msgspec.json.encode({"mrn": lodging.mrn, "asked": asked})
    row = Declaration(
        id=lodging.id, mrn=lodging.mrn, party=lodging.party, lrn=lodging.lrn, media=lodging.media,
        received=lodging.received, received_sha256=lodging.received_sha256, canonical=lodging.canonical,
        content_sha256=lodging.content_sha256, warnings=lodging.warnings,
        routing=msgspec.json.encode(lodging.routing), lodged_at=now,
        events=[Event(at=now, kind="lodged", actor=f"trader:{lodging.party}", detail=detail)],
        notices=[Notice(function_code="01", issued_at=now)],
        feed=[FeedEntry(agency=agency, kind="asked", at=now) for agency in asked],
    )  # fmt: skip
    with Session(engine()) as session:
        session.add(row)
        session.commit()
    for agency in asked:
        _queue.enqueue("bench.baseline.jobs.assess", lodging.id, agency)


if __name__ == "__main__":
    parts()
    serve(create_app(party_of, store), int(sys.argv[1]))
