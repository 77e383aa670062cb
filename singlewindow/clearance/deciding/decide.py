"""Deciding: when no question on a version is open any more, its answers are merged into its one decision.

Called inside the transaction that took the last question out, with the version rows locked: of two that answer at the
same moment, the second sees what the first wrote. The decision's primary key is the version: there is never a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from singlewindow.agencies.routing import Routing
from singlewindow.audit import commitments
from singlewindow.decisions.assessment import Assessment
from singlewindow.decisions.merge import Verdict, merge
from singlewindow.enquiries.notices import notice_row
from singlewindow.storage import assessments, counters, declarations, events, streams
from singlewindow.storage.tables import Record

_assessment = msgspec.json.Decoder(Assessment)
_routing = msgspec.json.Decoder(list[Routing])


def decide(connection: Connection, versions: Sequence[Record], now: int) -> int:
    """Decide those of the locked `versions` that are complete and undecided; how many."""
    undecided = {row.version_id: row for row in versions if row.decided_at is None}
    complete = assessments.complete(connection, undecided)
    verdicts = {version_id: _verdict(undecided[version_id], bodies) for version_id, bodies in complete.items()}
    rows = [_decision_row(undecided[version_id], verdict, now) for version_id, verdict in verdicts.items()]
    decided = sorted(assessments.add_decisions(connection, rows))
    declarations.mark_decided(connection, decided, now)
    written = {row["version_id"]: commitments.of_decision(row) for row in rows}
    _tell(connection, [(undecided[id_], verdicts[id_], written[id_]) for id_ in decided], now)
    return len(decided)


def asked_agencies(routing: bytes) -> list[str]:
    """The agencies that were asked, from a version's stored routing."""
    return [entry.agency for entry in _routing.decode(routing) if entry.asked]


def stored_assessments(bodies: Iterable[bytes]) -> list[Assessment]:
    """The answers as they were given."""
    return [_assessment.decode(body) for body in bodies]


def _verdict(version: Record, bodies: Iterable[bytes]) -> Verdict:
    routing = _routing.decode(version.routing)
    asked = [entry.agency for entry in routing if entry.asked]
    # None where the declaration was lodged before a basis was stored: such decisions stay what they were.
    basis = next((entry.basis for entry in routing if entry.basis is not UNSET), None)
    return merge(stored_assessments(bodies), asked, basis)


def _decision_row(version: Record, verdict: Verdict, now: int) -> dict[str, Any]:
    return {
        "version_id": version.version_id,
        "number": version.number,
        "outcome": verdict.outcome,
        "lane": verdict.lane,
        "contradictory": verdict.contradictory,
        "fingerprint": verdict.fingerprint,
        "body": msgspec.json.encode(verdict),
        "decided_at": now,
    }


def _tell(connection: Connection, decided: Sequence[tuple[Record, Verdict, dict[str, Any]]], now: int) -> None:
    """The decision's event, the trader's notice and every asked agency's feed entry."""
    trail: list[events.Event] = []
    notices: list[streams.Row] = []
    feed: list[streams.Row] = []
    for version, verdict, written in decided:
        detail = {"controls": list(verdict.controls), **written}
        trail.append(events.Event(now, events.Kind.DECIDED, events.SYSTEM, version.version_id, detail))
        notices.append(notice_row(version.party, version.version_id, verdict.function_code, now))
        entry = {"version_id": version.version_id, "kind": "decided", "at": now}
        feed.extend(entry | {"agency": agency} for agency in asked_agencies(version.routing))
    events.record(connection, trail)
    streams.publish(connection, notices, feed)
    counters.add(connection, (counters.decided(verdict.outcome) for _, verdict, _ in decided))
