"""Deciding: when no question on a version is open any more, its answers are merged into one decision.

Called inside the transaction that took the last question out, with the version rows locked: if two answer at the same
moment, the second sees what the first wrote. The version names its decision's number, and a key makes that number
unique, so two decisions can never both be current.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from singlewindow.agencies.routing import Routing, asked_agencies, basis_of
from singlewindow.audit import commitments
from singlewindow.clearance.deciding.announce import notices_of
from singlewindow.clearance.news import NO_NEWS, News, publish
from singlewindow.clearance.transaction import Transaction
from singlewindow.decisions.assessment import OWN_CODES, Assessment
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
    move: Move

    @property
    def rounds(self) -> dict[str, int]:
        """By agency: the round of its answer that counts."""
        rounds = dict.fromkeys(asked_agencies(self.routing), 1)
        for asked_round, answer in self.answers:
            rounds[answer.agency] = max(asked_round, rounds.get(answer.agency, 1))
        return rounds


def decide(transaction: Transaction, versions: Iterable[LockedVersion], before: News = NO_NEWS) -> int:
    """Decide those of the locked `versions` that are complete and undecided; returns how many.

    What happened `before` in this transaction is published first.
    """
    connection = transaction.connection
    undecided = {version.version_id: version for version in versions if version.decided_at is None}
    answers = assessments.answers_of_complete(connection, undecided)
    complete = [_merge_answers(transaction, undecided[version_id], given) for version_id, given in answers.items()]
    rows = [_decision_row(each, transaction.now) for each in complete]
    decided = decisions.add_decisions(connection, rows)
    moves = [each.move for each in complete if each.move.version_id in decided]
    declarations.mark_decided(connection, moves, transaction.now)
    written = [(each, row) for each, row in zip(complete, rows, strict=True) if row.version_id in decided]
    news = [before, *(_news(each, row, transaction.now) for each, row in written)]
    if any(news):
        publish(transaction, news)
    counters.add_counts(connection, (counters.decided_total(row.outcome) for _, row in written))
    return len(decided)


def _merge_answers(
    transaction: Transaction, version: LockedVersion, answers: list[tuple[int, Assessment]]
) -> _Complete:
    routing = version.routing
    gone = version.state is State.UNDER_ASSESSMENT
    verdict = merge(newest_rounds(answers), asked_agencies(routing), basis_of(routing), gone=gone)
    return _Complete(version, routing, answers, verdict, transaction.move(version, _STEPS[verdict.function_code]))


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


def _news(complete: _Complete, decision: Decision, now: int) -> News:
    """The decision's event, the trader's notices, and a feed entry for every agency asked."""
    version, verdict, move = complete.version, complete.verdict, complete.move
    detail = {
        "controls": list(verdict.controls),
        "lane": str(verdict.lane),
        "state": str(move.state),
        **commitments.of_decision(decision._asdict()),
    }
    feed = (
        streams.NewFeedEntry(agency, version.version_id, streams.DECIDED, now, asked_round, decision.number)
        for agency, asked_round in complete.rounds.items()
        if agency not in OWN_CODES
    )
    return News(
        (events.Event(now, events.Kind.DECIDED, events.SYSTEM, version.version_id, detail),),
        tuple(notices_of(version, move, now)),
        tuple(feed),
    )
