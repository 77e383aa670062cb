"""Jobs of the baseline: one agency's answer to one declaration, and the merge that the last answer asks for."""

from __future__ import annotations

import time
from os import environ

import msgspec
from redis import Redis
from rq import Queue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.baseline.models import Assessed, Decision, Declaration, Event, FeedEntry, Notice, engine
from bench.parts import answer
from singlewindow.agencies.routing import Routing
from singlewindow.decisions.assessment import Assessment
from singlewindow.decisions.merge import merge

_queue = Queue("baseline", connection=Redis.from_url(environ["REDIS_URL"]))
_routing = msgspec.json.Decoder(list[Routing])
_assessment = msgspec.json.Decoder(Assessment)


def assess(declaration_id: int, agency: str) -> None:
    """Ask one agency; the job with the last answer asks for the merge."""
    with Session(engine()) as session:
        declaration = session.get_one(Declaration, declaration_id)
        asked = [entry for entry in _routing.decode(declaration.routing) if entry.asked]
        entry = next(entry for entry in asked if entry.agency == agency)
        given = answer(declaration.canonical, declaration.mrn, entry)
        # Two last answers at once must not both find one missing.
        session.execute(select(Declaration.id).where(Declaration.id == declaration_id).with_for_update())
        now = time.time_ns() // 1_000
        detail = msgspec.json.encode({"agency": agency, "answer": given.answer, "profiles": given.profiles})
        body = msgspec.json.encode(given)
        session.add(Assessed(declaration_id=declaration_id, agency=agency, lane=given.lane, body=body, answered_at=now))
        session.add(
            Event(declaration_id=declaration_id, at=now, kind="assessed", actor=f"agency:{agency}", detail=detail)
        )
        session.flush()
        mine = Assessed.declaration_id == declaration_id
        complete = session.scalar(select(func.count()).select_from(Assessed).where(mine)) == len(asked)
        session.commit()
    if complete:
        _queue.enqueue("bench.baseline.jobs.decide", declaration_id)


def decide(declaration_id: int) -> None:
    """Merge the answers into the decision, and tell everybody."""
    with Session(engine()) as session:
        declaration = session.get_one(Declaration, declaration_id, with_for_update=True)
        asked = [entry.agency for entry in _routing.decode(declaration.routing) if entry.asked]
        verdict = merge([_assessment.decode(row.body) for row in declaration.assessments], asked)
        now = time.time_ns() // 1_000
        declaration.decided_at = now
        session.add(
            Decision(
                declaration_id=declaration_id, outcome=verdict.outcome, lane=verdict.lane,
                fingerprint=verdict.fingerprint, body=msgspec.json.encode(verdict), decided_at=now,
            )
        )  # fmt: skip
        detail = msgspec.json.encode({"outcome": verdict.outcome, "fingerprint": verdict.fingerprint})
        session.add(Event(declaration_id=declaration_id, at=now, kind="decided", actor="system", detail=detail))
        session.add(Notice(declaration_id=declaration_id, function_code=verdict.function_code, issued_at=now))
        session.add_all(FeedEntry(declaration_id=declaration_id, agency=name, kind="decided", at=now) for name in asked)
        session.commit()
