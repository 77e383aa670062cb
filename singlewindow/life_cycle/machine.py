"""The one state machine of a declaration: its states, what leads from one to another, who may do it, and its deadlines.

`after` is the whole of it: a state and a step give the next state, or the step is refused with the reason and what is
possible instead. `docs/life-cycle.md` is drawn from the tables of this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Presentation(StrEnum):
    """When the goods of a declaration are presented to customs, which its type says (WCO D013, its last letter)."""

    BEFORE_LODGEMENT = "before-lodgement"
    """The goods are there when the declaration is lodged."""
    AFTER_LODGEMENT = "after-lodgement"
    """Lodged before arrival: the arrival is reported later."""
    NEVER = "never"
    """Lodged after release: there is no arrival, no inspection, and nothing lapses."""


class State(StrEnum):
    """Where a declaration is in its life; `WORDS` says what each means."""

    REGISTERED = "registered"
    RELEASED_ON_ARRIVAL = "released-on-arrival"
    DOCUMENTS_ASKED_IN_ADVANCE = "documents-asked-in-advance"
    INSPECTION_ON_ARRIVAL = "inspection-on-arrival"
    UNDER_REVIEW_IN_ADVANCE = "under-review-in-advance"
    PRESENTED = "presented"
    DOCUMENTS_ASKED = "documents-asked"
    INSPECTION_ORDERED = "inspection-ordered"
    UNDER_REVIEW = "under-review"
    UNDER_INSPECTION = "under-inspection"
    RELEASED = "released"
    UNDER_ASSESSMENT = "under-assessment"
    DOCUMENTS_ASKED_AFTER_RELEASE = "documents-asked-after-release"
    REFUSED = "refused"
    IMPOUNDED = "impounded"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    EXITED = "exited"


class Step(StrEnum):
    """What can happen to a declaration."""

    DECIDED_RELEASE = "decided-release"
    DECIDED_DOCUMENTS = "decided-documents"
    DECIDED_INSPECTION = "decided-inspection"
    ASKED_AGAIN = "asked-again"
    DOCUMENTS_GIVEN = "documents-given"
    AMENDED = "amended"
    AMENDED_BESIDE = "amended-beside"
    ARRIVED = "arrived"
    SEEN_OTHERWISE = "seen-otherwise"
    CANCELLED = "cancelled"
    INSPECTION_STARTED = "inspection-started"
    RELEASED = "released"
    REFUSED = "refused"
    IMPOUNDED = "impounded"
    EXITED = "exited"
    DEADLINE_PASSED = "deadline-passed"


class Actor(StrEnum):
    """Who causes a step: the party or its broker, a carrier or terminal, an officer of an agency, or the service."""

    TRADER = "trader"
    CARRIER = "carrier"
    OFFICER = "officer"
    SERVICE = "service"


class Term(StrEnum):
    """A time within which something must happen; the country's profile says how long it is."""

    ARRIVAL = "arrival"
    ANSWERS = "answers"
    DOCUMENTS = "documents"
    INSPECTION = "inspection"
    EXIT = "exit"


class Grant(NamedTuple):
    """Who may take a step: `at_once` they do it themselves, `on_request` they ask and an officer grants it."""

    at_once: frozenset[Actor]
    on_request: frozenset[Actor] = frozenset()


class Transition(NamedTuple):
    """One arrow of the drawing."""

    state: State
    step: Step
    to: State
    grant: Grant


class Deadline(NamedTuple):
    """How long a state lasts at most, and in words what happens then.

    The term of arrival runs from the first lodgement, so that no amendment prolongs it; all others run from the
    beginning of the state.
    """

    term: Term
    then: str


EXPECTED: Final = (
    State.REGISTERED, State.RELEASED_ON_ARRIVAL, State.DOCUMENTS_ASKED_IN_ADVANCE, State.INSPECTION_ON_ARRIVAL,
    State.UNDER_REVIEW_IN_ADVANCE,
)  # fmt: skip
"""The goods have not arrived."""
_UNINSPECTED: Final = (State.REGISTERED, State.RELEASED_ON_ARRIVAL, State.DOCUMENTS_ASKED_IN_ADVANCE)
UNDECIDED: Final = frozenset({
    State.REGISTERED, State.PRESENTED, State.UNDER_ASSESSMENT, State.UNDER_REVIEW, State.UNDER_REVIEW_IN_ADVANCE,
})  # fmt: skip
"""Agencies have open questions."""
ORDERED: Final = frozenset({
    State.DOCUMENTS_ASKED, State.INSPECTION_ORDERED, State.DOCUMENTS_ASKED_AFTER_RELEASE,
})  # fmt: skip
"""Officers check what was decided: soon after the state begins, the controls are ordered."""
FINAL: Final = frozenset({State.REFUSED, State.IMPOUNDED, State.CANCELLED, State.LAPSED, State.EXITED})
"""Nothing follows."""

BEGINNING: Final[Mapping[Presentation, State]] = MappingProxyType({
    Presentation.BEFORE_LODGEMENT: State.PRESENTED,
    Presentation.AFTER_LODGEMENT: State.REGISTERED,
    Presentation.NEVER: State.UNDER_ASSESSMENT,
})  # fmt: skip

_SERVICE: Final = Grant(frozenset({Actor.SERVICE}))
_OFFICER: Final = Grant(frozenset({Actor.OFFICER}))
_TRADER: Final = Grant(frozenset({Actor.TRADER, Actor.OFFICER}))
_ASKED: Final = Grant(frozenset({Actor.OFFICER}), frozenset({Actor.TRADER}))
_REPORTED: Final = Grant(frozenset({Actor.TRADER, Actor.CARRIER, Actor.OFFICER}))


def _arrows(grant: Grant, step: Step, *ways: tuple[State, State]) -> list[Transition]:
    return [Transition(state, step, to, grant) for state, to in ways]


TRANSITIONS: Final[Mapping[tuple[State, Step], Transition]] = MappingProxyType({
    (each.state, each.step): each
    for each in (
        # The last answer has come, and the decision follows from all of them.
        *_arrows(_SERVICE, Step.DECIDED_RELEASE,
                 (State.REGISTERED, State.RELEASED_ON_ARRIVAL),
                 (State.PRESENTED, State.RELEASED),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.RELEASED_ON_ARRIVAL),
                 (State.UNDER_REVIEW, State.RELEASED),
                 (State.UNDER_ASSESSMENT, State.RELEASED)),
        *_arrows(_SERVICE, Step.DECIDED_DOCUMENTS,
                 (State.REGISTERED, State.DOCUMENTS_ASKED_IN_ADVANCE),
                 (State.PRESENTED, State.DOCUMENTS_ASKED),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.DOCUMENTS_ASKED_IN_ADVANCE),
                 (State.UNDER_REVIEW, State.DOCUMENTS_ASKED),
                 (State.UNDER_ASSESSMENT, State.DOCUMENTS_ASKED_AFTER_RELEASE)),
        *_arrows(_SERVICE, Step.DECIDED_INSPECTION,
                 (State.REGISTERED, State.INSPECTION_ON_ARRIVAL),
                 (State.PRESENTED, State.INSPECTION_ORDERED),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.INSPECTION_ON_ARRIVAL),
                 (State.UNDER_REVIEW, State.INSPECTION_ORDERED)),
        # Something new is known about the same version. An inspection that was ordered protects it meanwhile.
        *_arrows(_SERVICE, Step.ASKED_AGAIN,
                 *((state, State.REGISTERED) for state in _UNINSPECTED),
                 *((state, State.UNDER_REVIEW_IN_ADVANCE)
                   for state in (State.INSPECTION_ON_ARRIVAL, State.UNDER_REVIEW_IN_ADVANCE)),
                 *((state, State.PRESENTED) for state in (State.PRESENTED, State.DOCUMENTS_ASKED)),
                 *((state, State.UNDER_REVIEW) for state in (State.INSPECTION_ORDERED, State.UNDER_REVIEW)),
                 *((state, State.UNDER_ASSESSMENT)
                   for state in (State.RELEASED, State.UNDER_ASSESSMENT, State.DOCUMENTS_ASKED_AFTER_RELEASE))),
        # The party has answered: who asked for documents is asked again.
        *_arrows(_TRADER, Step.DOCUMENTS_GIVEN,
                 (State.DOCUMENTS_ASKED_IN_ADVANCE, State.REGISTERED),
                 (State.DOCUMENTS_ASKED, State.PRESENTED),
                 (State.DOCUMENTS_ASKED_AFTER_RELEASE, State.UNDER_ASSESSMENT)),
        # A new version replaces the one before. What an officer once had to agree to stays so until it is decided.
        *_arrows(_TRADER, Step.AMENDED,
                 *((state, State.REGISTERED) for state in _UNINSPECTED),
                 (State.PRESENTED, State.PRESENTED),
                 (State.DOCUMENTS_ASKED, State.PRESENTED)),
        *_arrows(_ASKED, Step.AMENDED,
                 (State.INSPECTION_ON_ARRIVAL, State.UNDER_REVIEW_IN_ADVANCE),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.UNDER_REVIEW_IN_ADVANCE),
                 (State.INSPECTION_ORDERED, State.UNDER_REVIEW),
                 (State.UNDER_REVIEW, State.UNDER_REVIEW),
                 (State.RELEASED, State.UNDER_ASSESSMENT),
                 (State.UNDER_ASSESSMENT, State.UNDER_ASSESSMENT),
                 (State.DOCUMENTS_ASKED_AFTER_RELEASE, State.UNDER_ASSESSMENT)),
        # The inspection stays ordered: whatever agencies answer about the new version, it will be decided again.
        *_arrows(_TRADER, Step.AMENDED_BESIDE,
                 (State.INSPECTION_ON_ARRIVAL, State.UNDER_REVIEW_IN_ADVANCE),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.UNDER_REVIEW_IN_ADVANCE),
                 (State.INSPECTION_ORDERED, State.UNDER_REVIEW),
                 (State.UNDER_REVIEW, State.UNDER_REVIEW)),
        *_arrows(_TRADER, Step.CANCELLED,
                 *((state, State.CANCELLED) for state in EXPECTED),
                 (State.PRESENTED, State.CANCELLED),
                 (State.DOCUMENTS_ASKED, State.CANCELLED)),
        *_arrows(_ASKED, Step.CANCELLED,
                 (State.INSPECTION_ORDERED, State.CANCELLED),
                 (State.UNDER_REVIEW, State.CANCELLED),
                 (State.UNDER_INSPECTION, State.CANCELLED),
                 (State.RELEASED, State.CANCELLED),
                 (State.UNDER_ASSESSMENT, State.CANCELLED),
                 (State.DOCUMENTS_ASKED_AFTER_RELEASE, State.CANCELLED)),
        *_arrows(_REPORTED, Step.ARRIVED,
                 (State.REGISTERED, State.PRESENTED),
                 (State.RELEASED_ON_ARRIVAL, State.RELEASED),
                 (State.DOCUMENTS_ASKED_IN_ADVANCE, State.DOCUMENTS_ASKED),
                 (State.INSPECTION_ON_ARRIVAL, State.INSPECTION_ORDERED),
                 (State.UNDER_REVIEW_IN_ADVANCE, State.UNDER_REVIEW)),
        # The goods are there, and what was seen is not as declared, on arrival or later.
        *_arrows(_REPORTED, Step.SEEN_OTHERWISE,
                 *((state, State.UNDER_REVIEW) for state in EXPECTED),
                 *((state, State.UNDER_REVIEW)
                   for state in (State.PRESENTED, State.DOCUMENTS_ASKED, State.INSPECTION_ORDERED, State.UNDER_REVIEW)),
                 *((state, State.UNDER_ASSESSMENT)
                   for state in (State.RELEASED, State.UNDER_ASSESSMENT, State.DOCUMENTS_ASKED_AFTER_RELEASE))),
        # What officers have found of one item is not lost: nothing but the end of the inspection leads out of it.
        *_arrows(_OFFICER, Step.INSPECTION_STARTED,
                 (State.INSPECTION_ORDERED, State.UNDER_INSPECTION),
                 (State.DOCUMENTS_ASKED, State.UNDER_INSPECTION)),
        *(arrow
          for step, to in ((Step.RELEASED, State.RELEASED), (Step.REFUSED, State.REFUSED),
                           (Step.IMPOUNDED, State.IMPOUNDED))
          for arrow in _arrows(_OFFICER, step,
                               (State.DOCUMENTS_ASKED, to), (State.INSPECTION_ORDERED, to),
                               (State.UNDER_INSPECTION, to))),
        *_arrows(_OFFICER, Step.RELEASED, (State.DOCUMENTS_ASKED_AFTER_RELEASE, State.RELEASED)),
        *_arrows(_REPORTED, Step.EXITED, (State.RELEASED, State.EXITED)),
        # What happens if nothing happens.
        *_arrows(_SERVICE, Step.DEADLINE_PASSED,
                 *((state, State.LAPSED) for state in EXPECTED),
                 (State.DOCUMENTS_ASKED, State.INSPECTION_ORDERED),
                 (State.INSPECTION_ORDERED, State.INSPECTION_ORDERED),
                 (State.UNDER_INSPECTION, State.UNDER_INSPECTION),
                 (State.DOCUMENTS_ASKED_AFTER_RELEASE, State.DOCUMENTS_ASKED_AFTER_RELEASE),
                 (State.RELEASED, State.RELEASED)),
    )
})  # fmt: skip

_LAPSES: Final = Deadline(Term.ARRIVAL, "the declaration lapses; the party is warned before and told after")
_UNANSWERED: Final = Deadline(Term.ANSWERS, "open questions are closed as unanswered, and the declaration is decided")
_REMINDED: Final = "the party is told, and the agencies that were asked are reminded"
DEADLINES: Final[Mapping[State, Deadline]] = MappingProxyType({
    **dict.fromkeys(EXPECTED, _LAPSES),
    State.PRESENTED: _UNANSWERED,
    State.UNDER_REVIEW: _UNANSWERED,
    State.UNDER_ASSESSMENT: _UNANSWERED,
    State.DOCUMENTS_ASKED: Deadline(Term.DOCUMENTS, "the goods are inspected"),
    State.INSPECTION_ORDERED: Deadline(Term.INSPECTION, _REMINDED),
    State.UNDER_INSPECTION: Deadline(Term.INSPECTION, _REMINDED),
    State.DOCUMENTS_ASKED_AFTER_RELEASE: Deadline(Term.DOCUMENTS, _REMINDED),
    State.RELEASED: Deadline(Term.EXIT, "for an export, the party is asked for the result of the exit"),
})  # fmt: skip
"""A state without a deadline is final."""

WORDS: Final[Mapping[State, str]] = MappingProxyType({
    State.REGISTERED: "The goods have not arrived. Agencies are assessing the advance information.",
    State.RELEASED_ON_ARRIVAL: "The goods may leave as soon as their arrival is reported.",
    State.DOCUMENTS_ASKED_IN_ADVANCE: "The goods have not arrived. Documents will be checked.",
    State.INSPECTION_ON_ARRIVAL: "The goods have not arrived. They will be inspected.",
    State.UNDER_REVIEW_IN_ADVANCE:
        "The goods have not arrived. They were to be inspected, and agencies are assessing the declaration again.",
    State.PRESENTED: "The goods are at the border. Agencies are assessing the declaration.",
    State.DOCUMENTS_ASKED: "The goods are at the border. Documents are being checked.",
    State.INSPECTION_ORDERED: "The goods are at the border and wait for inspection.",
    State.UNDER_REVIEW:
        "The goods are at the border. Something speaks against a release, and agencies are assessing the declaration.",
    State.UNDER_INSPECTION: "The goods are being inspected.",
    State.RELEASED: "The goods are released.",
    State.UNDER_ASSESSMENT: "The goods have been released. Agencies are assessing the declaration.",
    State.DOCUMENTS_ASKED_AFTER_RELEASE: "The goods have been released. Documents are being checked.",
    State.REFUSED: "The goods are refused.",
    State.IMPOUNDED: "The goods are impounded.",
    State.CANCELLED: "The declaration is cancelled.",
    State.LAPSED: "The goods did not arrive in time, and the declaration has lapsed.",
    State.EXITED: "The goods have left the country.",
})  # fmt: skip

STEP_WORDS: Final[Mapping[Step, str]] = MappingProxyType({
    Step.DECIDED_RELEASE: "be released by a decision",
    Step.DECIDED_DOCUMENTS: "be decided for a check of documents",
    Step.DECIDED_INSPECTION: "be decided for inspection",
    Step.ASKED_AGAIN: "be assessed again",
    Step.DOCUMENTS_GIVEN: "be given the documents that are asked for",
    Step.AMENDED: "be amended",
    Step.AMENDED_BESIDE: "be amended in what is not inspected",
    Step.ARRIVED: "arrive",
    Step.SEEN_OTHERWISE: "be seen not as declared",
    Step.CANCELLED: "be cancelled",
    Step.INSPECTION_STARTED: "be taken for inspection",
    Step.RELEASED: "be released by an officer",
    Step.REFUSED: "be refused",
    Step.IMPOUNDED: "be impounded",
    Step.EXITED: "leave the country",
    Step.DEADLINE_PASSED: "pass its deadline",
})  # fmt: skip


_SAID_OTHERWISE: Final = (Step.AMENDED_BESIDE, Step.SEEN_OTHERWISE)
_EXPORTS: Final = ", if it is an export"


class NotPossible(Exception):  # noqa: N818 - an answer to whoever asks, not an error of ours
    """A step that is not possible: in this state, for this actor, or for the reason in `why`. The text says what is.

    A carrier is told neither, because a state reveals what was decided.
    """

    def __init__(self, state: State, step: Step, actor: Actor, why: str = "") -> None:
        self.state, self.step = state, step
        self.possible = [each for each in possible_steps(state, actor) if each is not step]
        if not why:
            known = (state, step) in TRANSITIONS
            why = f"A {actor} cannot do this." if known else f"It cannot {STEP_WORDS[step]} in this state."
        # An amendment is one choice to whoever asks, and so is a report; what they say decides which of two it is.
        choices = " or ".join(
            f"{STEP_WORDS[each]}{_EXPORTS if each is Step.EXITED else ''}"
            for each in self.possible if each not in _SAID_OTHERWISE
        )  # fmt: skip
        then = f"It can {choices}." if choices else "Nothing more can be done with it."
        told = f"{WORDS[state]} {why} {then}"
        if actor is Actor.CARRIER:  # it knows what it reports, and nothing else about the declaration
            told = f"The declaration cannot {STEP_WORDS[step]} now. Its party can see why."
        super().__init__(told)


def transition(state: State, step: Step, actor: Actor) -> Transition:
    """The arrow from a state; raises NotPossible. Whether it is taken at once or asked for, its grant says."""
    found = TRANSITIONS.get((state, step))
    if found is None or actor not in found.grant.at_once | found.grant.on_request:
        raise NotPossible(state, step, actor)
    return found


def after(state: State, step: Step) -> State:
    """The state after a step; raises NotPossible. Who may take it is asked of `transition`."""
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise NotPossible(state, step, Actor.SERVICE)
    return found.to


def state_of(stored: str | None, outcome: str | None) -> State:
    """The state of a version from its row and the outcome ("release" or "inspect") of its current decision, if any.

    A process from before life cycles leaves the state as it was: then the decision tells, as it told the party.
    """
    state = State(stored) if stored else State.PRESENTED
    if state not in UNDECIDED or outcome is None:
        return state
    if outcome == "release":
        return State.RELEASED
    return State.DOCUMENTS_ASKED_AFTER_RELEASE if state is State.UNDER_ASSESSMENT else State.INSPECTION_ORDERED


def possible_steps(state: State, actor: Actor) -> list[Step]:
    """What an actor can do or ask for in a state, in the order of `Step`."""
    reachable = (TRANSITIONS.get((state, step)) for step in Step)
    return [each.step for each in reachable if each and actor in each.grant.at_once | each.grant.on_request]


def strictest_of(states: Iterable[State]) -> State:
    """The state of a declaration whose items end differently: the strictest open one, else the strictest result."""
    return min(states, key=_STRICTNESS.__getitem__)


_STRICTNESS: Final = {
    state: rank
    for rank, state in enumerate((
        State.UNDER_INSPECTION, State.INSPECTION_ORDERED, State.UNDER_REVIEW, State.INSPECTION_ON_ARRIVAL,
        State.UNDER_REVIEW_IN_ADVANCE, State.DOCUMENTS_ASKED,
        State.DOCUMENTS_ASKED_IN_ADVANCE, State.PRESENTED, State.REGISTERED, State.DOCUMENTS_ASKED_AFTER_RELEASE,
        State.UNDER_ASSESSMENT, State.RELEASED_ON_ARRIVAL,
        State.IMPOUNDED, State.REFUSED, State.LAPSED, State.CANCELLED, State.RELEASED, State.EXITED,
    ))
}  # fmt: skip
