"""Deciding: when no question on a version is open any more, its answers are merged into one decision.

Called inside the transaction that took the last question out, with the version rows locked: if two answer at the same
moment, the second sees what the first wrote. The version names its decision's number, and a key makes that number
unique, so two decisions can never both be current.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from singlewindow.agencies.routing import Routing, asked_agencies, basis_of
from singlewindow.audit import commitments
from singlewindow.clearance.change import Change
from singlewindow.clearance.deciding.announce import notices_of
from singlewindow.decisions.assessment import Assessment
from singlewindow.decisions.merge import (
    DOCUMENTS_ASKED,
    RELEASED,
    UNDER_CONTROL,
    Outcome,
    Verdict,
    merge,
    newest_rounds,
)
from singlewindow.life_cycle.machine import State, Step
from singlewindow.storage import assessments, counters, decisions, declarations, streams
from singlewindow.storage.decisions import Decision
from singlewindow.storage.declarations import LockedVersion, Move
from singlewindow.storage.streams import NewNotice
from singlewindow.storage.trail import events

_STEPS: Final = {
    RELEASED: Step.DECIDED_RELEASE, DOCUMENTS_ASKED: Step.DECIDED_DOCUMENTS, UNDER_CONTROL: Step.DECIDED_INSPECTION,
}  # fmt: skip


class _Complete(NamedTuple):
    """A version whose questions are closed: the agencies asked, their answers by round, and the outcome."""

    version: LockedVersion
    routing: list[Routing]
    answers: list[tuple[int, Assessment]]
    verdict: Verdict
    step: Step
    move: Move

    @property
    def rounds(self) -> dict[str, int]:
        """By agency: the round of its answer that counts."""
        rounds = dict.fromkeys(asked_agencies(self.routing), 1)
        for asked_round, answer in self.answers:
            rounds[answer.agency] = max(asked_round, rounds.get(answer.agency, 1))
        return rounds


def decide(change: Change, versions: Iterable[LockedVersion]) -> int:
    """Decide those of the locked `versions` that are complete and undecided; returns how many."""
    connection = change.connection
    undecided = {version.version_id: version for version in versions if version.decided_at is None}
    answers = assessments.answers_of_complete(connection, undecided)
    if not answers:
        return 0
    complete = [_complete(change, undecided[version_id], given) for version_id, given in answers.items()]
    rows = [_decision(each, change.now) for each in complete]
    decided = decisions.add_decisions(connection, rows)
    declarations.mark_decided(
        connection, [each.move for each in complete if each.move.version_id in decided], change.now
    )
    written = zip(complete, rows, strict=True)
    _tell(change, [(each, row) for each, row in written if row.version_id in decided])
    return len(decided)


def _complete(change: Change, version: LockedVersion, answers: list[tuple[int, Assessment]]) -> _Complete:
    routing = version.routing
    verdict = merge(newest_rounds(answers), asked_agencies(routing), basis_of(routing))
    step = _step_of(version, verdict)
    return _Complete(version, routing, answers, verdict, step, change.move(version, step))


def _step_of(version: LockedVersion, verdict: Verdict) -> Step:
    """The step that a verdict means; goods that have left cannot be inspected, only their documents checked."""
    step = _STEPS[verdict.function_code]
    gone = version.state is State.UNDER_ASSESSMENT
    return Step.DECIDED_DOCUMENTS if gone and step is Step.DECIDED_INSPECTION else step


def _decision(complete: _Complete, now: int) -> Decision:
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


def _tell(change: Change, decided: Sequence[tuple[_Complete, Decision]]) -> None:
    """Write the decision's event, the trader's notice, and a feed entry for every agency asked."""
    connection, now = change.connection, change.now
    trail, feed = [], []
    notices: list[NewNotice] = []
    for complete, decision in decided:
        version, verdict = complete.version, complete.verdict
        detail = {"controls": list(verdict.controls), **commitments.of_decision(decision._asdict())}
        trail.append(events.Event(now, events.Kind.DECIDED, events.SYSTEM, version.version_id, detail))
        notices += notices_of(version, complete.step, complete.move, now)
        feed += [
            streams.NewFeedEntry(agency, version.version_id, streams.DECIDED, now, asked_round, decision.number)
            for agency, asked_round in complete.rounds.items()
        ]
    events.record(connection, trail)
    streams.publish(connection, notices, feed)
    counters.add(connection, (counters.decided(decision.outcome) for _, decision in decided))
