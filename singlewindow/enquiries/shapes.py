"""What enquiries return, as the API publishes it: /openapi.json is made from these classes.

They stand here because enquiries make them and may not know HTTP; `http/api/shapes.py` has what HTTP alone says. A
field that only some may see (`audience.py`) is left out of everybody else's answer, not emptied.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

State = Literal["open", "decided"]


class DeclarationSummary(Struct, frozen=True, kw_only=True):
    """One declaration in a list."""

    mrn: str
    lrn: str
    version: int
    type: str
    state: State
    lodged_at: str
    decided_at: str | None


class DeclarationPage(Struct, frozen=True):
    """A page of declarations, oldest first; `next` is the cursor of the following page, null at the end."""

    declarations: list[DeclarationSummary]
    next: str | None


class TimelineStep(Struct, frozen=True, kw_only=True):
    """One step of the timeline in words; `kind`, `actor` and `detail` as recorded are the auditor's."""

    at: str
    text: str
    kind: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET
    detail: dict[str, Any] | UnsetType = UNSET


class AgencyAsked(Struct, frozen=True, kw_only=True):
    """One agency that was asked, why, and how it answered; `trial` is what its profiles on trial would have found."""

    agency: str
    name: str
    answered: bool
    answered_at: str | None
    reason: str
    answer: str | None
    lane: str | None
    trial: list[str]


class AgencyNotAsked(Struct, frozen=True):
    """One agency that was not asked, and why."""

    agency: str
    name: str
    reason: str


class DeclarationStatus(Struct, frozen=True, kw_only=True):
    """Where a declaration stands; `warnings` as given at lodgement. Who was asked, or not, is the auditor's."""

    mrn: str
    lrn: str
    version: int
    type: str
    state: State
    received_at: str
    lodged_at: str
    decided_at: str | None
    timeline: list[TimelineStep]
    agencies: list[AgencyAsked] | UnsetType = UNSET
    not_asked: list[AgencyNotAsked] | UnsetType = UNSET
    warnings: list[dict[str, Any]]


class ItemReasons(Struct, frozen=True, kw_only=True):
    """What is said to the trader about one goods item: its declared number, its WCO pointer, and the words."""

    item: str
    wco_pointer: str
    reasons: list[str]


class Decision(Struct, frozen=True, kw_only=True):
    """The decision on one version; `reasons` are in words for the reader, `items` those words item by item.

    Lane, contradiction and fingerprint are the auditor's.
    """

    mrn: str
    version: int
    number: int
    outcome: Literal["release", "inspect"]
    controls: list[str]
    reasons: list[str]
    items: list[ItemReasons]
    decided_at: str
    lane: str | UnsetType = UNSET
    contradictory: bool | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET


class Undecided(Struct, frozen=True):
    """The agencies have yet to answer."""

    mrn: str
    version: int
    status: Literal["open"] = "open"


class Notice(Struct, frozen=True, kw_only=True):
    """One notice; `response` is its WCO RES message as a `Response` object."""

    number: int
    mrn: str
    lrn: str
    version: int
    function_code: str
    issued_at: str
    response: dict[str, Any]


class NoticePage(Struct, frozen=True):
    """A page of notices in order; `next` is what to send as `after`."""

    notices: list[Notice]
    next: str


class DecisionSummary(Struct, frozen=True, kw_only=True):
    """What an agency learns of the decision."""

    outcome: Literal["release", "inspect"]
    controls: list[str]
    decided_at: str


class FeedEntry(Struct, frozen=True, kw_only=True):
    """One entry of an agency's feed: `view` holds the elements the law gives it.

    Of a decision it has the decision and `assessment`, the agency's own answer as it stood then; of a question neither,
    however late it is read.
    """

    cursor: int
    kind: Literal["asked", "decided"]
    at: str
    mrn: str
    version: int
    items: list[str]
    view: dict[str, Any]
    assessment: dict[str, Any] | None
    decision: DecisionSummary | None


class FeedPage(Struct, frozen=True):
    """A page of an agency's feed in order; `next` is what to send as `after`."""

    entries: list[FeedEntry]
    next: str
