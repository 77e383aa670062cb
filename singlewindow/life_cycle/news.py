"""What a party is told when its declaration moves on: the function codes of the notices (WCO RES, element 017).

The sequences are those of the UK's customs declaration service (its published notifications): 02 when a declaration is
registered before arrival, 01 when it is accepted, then the outcome; for a request 02, 11 with the answer, then 07 or
10.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from singlewindow.life_cycle.machine import EXPECTED, WORDS, State, Step

ACCEPTED, REGISTERED, CONTROL, DOCUMENTS = "01", "02", "05", "06"
AMENDED, RELEASED, CLEARED, CANCELLED = "07", "08", "09", "10"
ANSWERED, EXITED, EXIT_AWAITED = "11", "16", "18"
DETAINED = "52"
"""Goods are refused or impounded; the words say which."""
GRANTED, REFUSED = "39", "41"
"""The status of an answer to a request (WCO 379)."""
SATISFACTORY, UNINSPECTED = "A1", "A2"
"""The result of a control with a release (WCO 226): satisfactory, or taken to be without an inspection."""
LEFT = "A1"
"""The status of goods that have left (WCO 379)."""
INSPECTIONS: Final = (CONTROL, DOCUMENTS)
"""Notices that give the reasons of a decision to inspect."""


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a notice says beyond its code and its decision; moments are microseconds.

    `words` are for the party, `reason` is that of a change (WCO 099), `status` that of an answer to a request. `limit`
    is a deadline, `happened_at` when something took effect, `office` where (WCO CEX). `items` are those that
    it is about, none for all.
    """

    words: str = ""
    status: str = ""
    limit: int | None = None
    happened_at: int | None = None
    office: str = ""
    reason: str = ""
    items: tuple[str, ...] = ()


_OUTCOMES: Final[Mapping[tuple[State, Step], str]] = MappingProxyType({
    (State.REGISTERED, Step.DECIDED_RELEASE): REGISTERED,
    (State.REGISTERED, Step.DECIDED_DOCUMENTS): DOCUMENTS,
    (State.REGISTERED, Step.DECIDED_INSPECTION): REGISTERED,
    (State.PRESENTED, Step.DECIDED_RELEASE): RELEASED,
    (State.PRESENTED, Step.DECIDED_DOCUMENTS): DOCUMENTS,
    (State.PRESENTED, Step.DECIDED_INSPECTION): CONTROL,
    (State.UNDER_REVIEW_IN_ADVANCE, Step.DECIDED_RELEASE): REGISTERED,
    (State.UNDER_REVIEW_IN_ADVANCE, Step.DECIDED_DOCUMENTS): DOCUMENTS,
    (State.UNDER_REVIEW_IN_ADVANCE, Step.DECIDED_INSPECTION): REGISTERED,
    (State.UNDER_REVIEW, Step.DECIDED_RELEASE): RELEASED,
    (State.UNDER_REVIEW, Step.DECIDED_DOCUMENTS): DOCUMENTS,
    (State.UNDER_REVIEW, Step.DECIDED_INSPECTION): CONTROL,
    (State.UNDER_ASSESSMENT, Step.DECIDED_RELEASE): CLEARED,
    (State.UNDER_ASSESSMENT, Step.DECIDED_DOCUMENTS): DOCUMENTS,
    (State.DOCUMENTS_ASKED, Step.DEADLINE_PASSED): CONTROL,
    (State.INSPECTION_ORDERED, Step.DEADLINE_PASSED): CONTROL,
    (State.UNDER_INSPECTION, Step.DEADLINE_PASSED): CONTROL,
    (State.DOCUMENTS_ASKED_AFTER_RELEASE, Step.DEADLINE_PASSED): DOCUMENTS,
    (State.RELEASED, Step.DEADLINE_PASSED): EXIT_AWAITED,
    (State.DOCUMENTS_ASKED_AFTER_RELEASE, Step.RELEASED): CLEARED,
})  # fmt: skip
_STEPS: Final[Mapping[Step, str]] = MappingProxyType({
    Step.AMENDED: AMENDED, Step.AMENDED_BESIDE: AMENDED, Step.CANCELLED: CANCELLED, Step.RELEASED: RELEASED,
    Step.EXITED: EXITED,
})  # fmt: skip
_AFTER_ARRIVAL: Final = {State.RELEASED: (RELEASED,), State.INSPECTION_ORDERED: (CONTROL,)}


def first_code(state: State) -> str:
    """The notice that a declaration is lodged: registered before arrival, accepted otherwise."""
    return REGISTERED if state is State.REGISTERED else ACCEPTED


def codes_of(state: State, step: Step, to: State) -> tuple[str, ...]:
    """The notices of a step from a state to the next, in order; empty if it is news to nobody."""
    if step is Step.ARRIVED or (step is Step.SEEN_OTHERWISE and state in EXPECTED):
        return (ACCEPTED, *_AFTER_ARRIVAL.get(to, ()))
    if to is State.LAPSED:
        return (CANCELLED,)
    code = _OUTCOMES.get((state, step)) or _STEPS.get(step)
    return (code,) if code else ()


def words_of(code: str, step: Step, to: State) -> str:
    """What a notice adds in words.

    The code alone does not say that goods may go, or are inspected, on arrival, nor what follows a deadline.
    """
    overdue = step is Step.DEADLINE_PASSED and code in INSPECTIONS
    return WORDS[to] if overdue or (code, to) in _NEEDS_WORDS else ""


def has_limit(code: str, step: Step) -> bool:
    """Whether a notice says until when its state lasts: for documents, and once a deadline has passed."""
    return code == DOCUMENTS or step is Step.DEADLINE_PASSED


_NEEDS_WORDS: Final = frozenset({
    (REGISTERED, State.RELEASED_ON_ARRIVAL), (REGISTERED, State.INSPECTION_ON_ARRIVAL), (CANCELLED, State.LAPSED),
})  # fmt: skip
