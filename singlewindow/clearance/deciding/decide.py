"""Deciding: when no question on a version is open any more, its answers are merged into one decision.

Called inside the transaction that took the last question out, with the version rows locked: if two answer at the same
moment, the second sees what the first wrote. The version names its decision's number, and a key makes that number
unique, so two decisions can never both be current.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from singlewindow.agencies.routing import Routing, asked_agencies, basis_of
from singlewindow.audit import commitments
from singlewindow.clearance.deciding.announce import new_notice
from singlewindow.decisions.assessment import Assessment
from singlewindow.decisions.merge import Outcome, Verdict, merge, newest_rounds
from singlewindow.storage import assessments, counters, decisions, declarations, streams
from singlewindow.storage.decisions import Decision
from singlewindow.storage.declarations import LockedVersion
from singlewindow.storage.trail import events


class _Complete(NamedTuple):
    """A version whose questions are closed: the agencies asked, their answers by round, and the outcome."""

    version: LockedVersion
    routing: list[Routing]
    answers: list[tuple[int, Assessment]]
    verdict: Verdict

    @property
    def rounds(self) -> dict[str, int]:
        """By agency: the round of its answer that counts."""
        rounds = dict.fromkeys(asked_agencies(self.routing), 1)
        for asked_round, answer in self.answers:
            rounds[answer.agency] = max(asked_round, rounds.get(answer.agency, 1))
        return rounds


def decide(connection: Connection, versions: Iterable[LockedVersion], now: int) -> int:
    """Decide those of the locked `versions` that are complete and undecided; returns how many."""
    undecided = {version.version_id: version for version in versions if version.decided_at is None}
    answers = assessments.answers_of_complete(connection, undecided)
    if not answers:
        return 0
    complete = [_merge_answers(undecided[version_id], given) for version_id, given in answers.items()]
    rows = [_decision_row(each, now) for each in complete]
    decided = decisions.add_decisions(connection, rows)
    declarations.mark_decided(connection, decided, now)
    written = zip(complete, rows, strict=True)
    _publish_decisions(connection, [(each, row) for each, row in written if row.version_id in decided], now)
    return len(decided)


def _merge_answers(version: LockedVersion, answers: list[tuple[int, Assessment]]) -> _Complete:
    routing = version.routing
    verdict = merge(newest_rounds(answers), asked_agencies(routing), basis_of(routing))
    return _Complete(version, routing, answers, verdict)


def _decision_row(complete: _Complete, now: int) -> Decision:
    verdict = complete.verdict
    return Decision(
        version_id=complete.version.version_id,
        number=complete.version.decision_number,
        outcome="release" if verdict.outcome is Outcome.RELEASE else "inspect",
        lane=verdict.lane,
        contradictory=verdict.contradictory,
        fingerprint=verdict.fingerprint,
        body=msgspec.json.encode(verdict),
        decided_at=now,
    )


def _publish_decisions(connection: Connection, decided: Sequence[tuple[_Complete, Decision]], now: int) -> None:
    """Write the decision's event, the trader's notice, and a feed entry for every agency asked."""
    trail, notices, feed = [], [], []
    for complete, decision in decided:
        version, verdict = complete.version, complete.verdict
        detail = {"controls": list(verdict.controls), **commitments.of_decision(decision._asdict())}
        trail.append(events.Event(now, events.Kind.DECIDED, events.SYSTEM, version.version_id, detail))
        notices.append(new_notice(version.party, version.version_id, verdict.function_code, now, decision.number))
        feed += [
            streams.NewFeedEntry(agency, version.version_id, streams.DECIDED, now, asked_round, decision.number)
            for agency, asked_round in complete.rounds.items()
        ]
    events.record(connection, trail)
    streams.publish(connection, notices, feed)
    counters.add_counts(connection, (counters.decided_total(decision.outcome) for _, decision in decided))
