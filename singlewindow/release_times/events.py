"""What a time release study needs to know about one version of a declaration.

Every moment is a whole number of microseconds since 1970 UTC by the database's clock; None means that the event has not
happened, or was not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ASSESSED = "assessed"
RELEASE = "release"
ON_ARRIVAL = "released-on-arrival"


class Question(NamedTuple):
    """One question to one agency; `answered_at` is when it was closed, by the agency's answer or by its deadline.

    `answer` is "assessed" if the agency itself answered, else "failed" or "silent"; `dispatched_at` is when
    the question was last put into a batch before it was closed; `lane` is the agency's own.
    """

    asked_at: int
    answered_at: int | None = None
    lane: str | None = None
    dispatched_at: int | None = None
    answer: str = ASSESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One version of a declaration: its questions by agency code, and the decision if there is one.

    `lodged_at` is the moment of lodgement in law: the declaration is stored and accepted. `received_at` is when its
    bytes came in, `arrived_at` when the goods did, as reported. `lane`, `outcome` are the decision's. `released_at` is
    when the goods were free to go; `ended_at` is when the version stopped to count, for the reason in `ended`. The key
    is `mrn`, `version`.
    """

    mrn: str
    version: int
    type: str
    direction: str
    lodged_at: int
    lane: str | None = None
    asked: Mapping[str, Question] = field(default_factory=dict)
    decided_at: int | None = None
    outcome: str | None = None
    received_at: int | None = None
    arrived_at: int | None = None
    released_at: int | None = None
    ended_at: int | None = None
    ended: str | None = None

    def moments(self) -> Iterator[int]:
        """Every recorded moment, in no order."""
        stamps = [
            self.lodged_at, self.decided_at, self.received_at, self.arrived_at, self.released_at, self.ended_at,
        ]  # fmt: skip
        for question in self.asked.values():
            stamps += [question.asked_at, question.answered_at, question.dispatched_at]
        yield from (stamp for stamp in stamps if stamp is not None)

    def seen_at(self, cut_off: int) -> Case:
        """The case as it was at `cut_off`: whatever happened later has not happened yet.

        The result stays the same, whatever is recorded after that moment.
        """
        decided = _seen_until(self.decided_at, cut_off)
        known = {agency: asked for agency, asked in self.asked.items() if asked.asked_at <= cut_off}
        return replace(
            self,
            asked={agency: _question_seen_at(asked, cut_off) for agency, asked in known.items()},
            decided_at=decided,
            lane=None if decided is None else self.lane,
            outcome=None if decided is None else self.outcome,
            received_at=_seen_until(self.received_at, cut_off),
            arrived_at=_seen_until(self.arrived_at, cut_off),
            released_at=_seen_until(self.released_at, cut_off),
            ended_at=(ended_at := _seen_until(self.ended_at, cut_off)),
            ended=None if ended_at is None else self.ended,
        )


def release_moment(
    state: str | None, decided_at: int | None, arrival_recorded_at: int | None, ended_at: int | None
) -> int | None:
    """When goods that a decision released were free to go: at once, or when their arrival was recorded.

    `state` is the one that the decision led to. A version that ended before was never a release.
    """
    released_at = arrival_recorded_at if state == ON_ARRIVAL else decided_at
    return None if released_at is not None and ended_at is not None and ended_at <= released_at else released_at


def _question_seen_at(question: Question, cut_off: int) -> Question:
    # Which dispatch counts is known when the question is closed; until then another one may follow.
    if _seen_until(question.answered_at, cut_off) is None:
        return Question(question.asked_at)
    return question._replace(dispatched_at=_seen_until(question.dispatched_at, cut_off))


def _seen_until(stamp: int | None, cut_off: int) -> int | None:
    return stamp if stamp is not None and stamp <= cut_off else None
