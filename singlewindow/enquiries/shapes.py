"""The results of enquiries, as the API publishes them: /openapi.json is made from these classes.

They are here because enquiries make them and may not know HTTP; `http/api/shapes.py` has those that only HTTP uses. A
field that only some readers may see (`audience.py`) is left out for all others, not emptied.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from adapters.contract import GivenDocuments
from singlewindow.decisions.assessment import Control
from singlewindow.inspections.results import Found, Recorded
from singlewindow.life_cycle.machine import State


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
    """One step of the timeline in words; only the auditor sees `kind`, `actor` and `detail` as recorded."""

    at: str
    text: str
    kind: str | UnsetType = UNSET
    actor: str | UnsetType = UNSET
    detail: dict[str, Any] | UnsetType = UNSET


class AgencyAsked(Struct, frozen=True, kw_only=True):
    """One agency that was asked, why, and its answer; `trial` is what its profiles on trial would have found."""

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
    """A declaration's state, in words and until when it may last; `warnings` as given at lodgement.

    Only the auditor sees which agencies were asked.
    """

    mrn: str
    lrn: str
    version: int
    type: str
    state: State
    state_words: str
    state_until: str | None
    received_at: str
    lodged_at: str
    decided_at: str | None
    timeline: list[TimelineStep]
    agencies: list[AgencyAsked] | UnsetType = UNSET
    not_asked: list[AgencyNotAsked] | UnsetType = UNSET
    warnings: list[dict[str, Any]]


class ItemReasons(Struct, frozen=True, kw_only=True):
    """The words for the trader about one goods item, with its declared number and its WCO pointer."""

    item: str
    wco_pointer: str
    reasons: list[str]


class Decision(Struct, frozen=True, kw_only=True):
    """The decision on one version; `reasons` are in words for the reader, `items` those words item by item.

    Only the auditor sees lane, contradiction and fingerprint.
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
    """There is no decision: some agencies have not answered yet, or the declaration has ended without one."""

    mrn: str
    version: int
    state: State
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
    """A page of notices in order; send `next` as `after` to get the following page."""

    notices: list[Notice]
    next: str


class OpenRequest(Struct, frozen=True, kw_only=True):
    """A request of a party that waits for an officer; at `due_at` it is refused."""

    request: str
    kind: str
    mrn: str
    reason: str
    received_at: str
    due_at: str


class OpenRequestPage(Struct, frozen=True):
    """A page of requests, oldest first; send `next` as `after` to get the following page."""

    requests: list[OpenRequest]
    next: str


class ChangeShown(Struct, frozen=True, kw_only=True):
    """One element that an amendment changes: null where there is nothing before, or nothing after."""

    path: str
    before: Any
    after: Any


class RequestContent(Struct, frozen=True, kw_only=True):
    """A request, with what it would change as far as the law lets the agency see it.

    `answer` is "waiting" until an officer has answered it; then no changes are shown, as they are made or not. `hidden`
    is how many there are besides.
    """

    request: OpenRequest
    answer: str
    words: str
    changes: list[ChangeShown]
    hidden: int


class OpenQuestion(Struct, frozen=True, kw_only=True):
    """A question that an officer may answer until `deadline`; `taken_by` is the id of the key of who has taken it.

    `items` are the goods items that concern the agency, none for all of them. `stuck`: no officer answers it as a rule,
    but nobody else does now; whoever takes it says why.
    """

    question: str
    mrn: str
    version: int
    items: list[str]
    asked_at: str
    deadline: str
    stuck: bool
    taken_by: str | None
    taken_at: str | None


class OpenQuestionPage(Struct, frozen=True):
    """A page of questions, oldest declarations first; send `next` as `after` to get the following page."""

    questions: list[OpenQuestion]
    next: str


class ControlShown(Struct, frozen=True, kw_only=True):
    """One control of an inspection: `items` are its goods items, `own` says whether the reader's agency asks for it."""

    control: Control
    items: list[str]
    own: bool


class RecordShown(Struct, frozen=True, kw_only=True):
    """What counts of an item's control: the newest record."""

    item: str
    control: Control
    recorded: Recorded
    result: State | None
    found: list[Found]
    words: str
    done_by: str
    evidence: list[str]
    recorded_at: str


class OverrideShown(Struct, frozen=True, kw_only=True):
    """What an officer wants against the records, and what a second person says; `agreed` is null while it waits."""

    override: str
    items: list[str]
    result: State
    reason: str
    person: str
    asked_at: str
    agreed: bool | None
    second_person: str | None
    answered_at: str | None
    words: str


class PlannedInspection(Struct, frozen=True, kw_only=True):
    """An open inspection: `place` is "" and `slot_at` null while nobody has said where and when.

    `wished_at` and `wish` are what the party asks for instead, and why.
    """

    inspection: str
    mrn: str
    version: int
    place: str
    slot_at: str | None
    wished_at: str | None
    wish: str
    ordered_at: str
    started_at: str | None
    controls: list[ControlShown]


class InspectionPage(Struct, frozen=True):
    """A page of open inspections, oldest first; send `next` as `after` to get the following page."""

    inspections: list[PlannedInspection]
    next: str


class InspectionContent(Struct, frozen=True, kw_only=True):
    """An inspection as an agency sees it: its own controls, others' on the items that concern it, and what is recorded.

    `results` says what has become of items, `ended_at` when every item had its result, or another decision.
    """

    inspection: PlannedInspection
    records: list[RecordShown]
    results: dict[str, State]
    overrides: list[OverrideShown]
    ended_at: str | None


class OwnInspection(Struct, frozen=True, kw_only=True):
    """The inspection of a party's goods: where, when, by which controls, and what has become of each item.

    `wished_at` and `wish` are what the party has asked for.
    """

    mrn: str
    version: int
    place: str
    place_name: str
    slot_at: str | None
    wished_at: str | None
    wish: str
    controls: list[Control]
    results: dict[str, State]
    ended_at: str | None


class QueryShown(Struct, frozen=True, kw_only=True):
    """What an officer asked the party, and its answer, null until there is one."""

    query: str
    words: str
    asked_at: str
    answer_by: str
    answer: str | None
    answered_at: str | None


class DocumentShown(Struct, frozen=True, kw_only=True):
    """A supporting document, given while `version` was the newest; `scan_words` say why it was not scanned.

    `item` is the goods item that it is about, `line` the place of an AdditionalDocument there, or in the header. Only
    agencies and auditors see which `question` or `finding` it is about, and only auditors which `agency` gave it.
    """

    sha256: str
    name: str
    media_type: str
    size: int
    given_at: str
    given_by: Literal["party", "officer"]
    version: int
    scan: str
    scan_words: str
    scanned_at: str
    item: str | None
    line: int | None
    query: str | None
    question: str | UnsetType | None = UNSET
    finding: str | UnsetType | None = UNSET
    agency: str | UnsetType = UNSET


class DocumentList(Struct, frozen=True):
    """All documents about a declaration that the reader may see, oldest first."""

    documents: list[DocumentShown]


class QuestionContent(Struct, frozen=True, kw_only=True):
    """A question with what the law lets its agency see, and what the party was asked about it, in earlier versions too.

    `after_release`: the goods have left, so that only their documents can be checked. `documents_answer` is what the
    party has given since, if documents were asked, else null.
    """

    question: OpenQuestion
    after_release: bool
    view: dict[str, Any]
    queries: list[QueryShown]
    documents_answer: GivenDocuments | None


class DecisionSummary(Struct, frozen=True, kw_only=True):
    """The decision as an agency sees it."""

    outcome: Literal["release", "inspect"]
    controls: list[str]
    decided_at: str


class FeedEntry(Struct, frozen=True, kw_only=True):
    """One entry of an agency's feed: `view` holds the elements that the law lets it see.

    The entry of a decision has `decision`, and in `assessment` the agency's own answer at that time; other entries have
    neither, however late they are read. `arrived` tells that the goods have arrived, `overdue` that what was to be
    checked has not been in time, `inspection` that one is ordered or has ended, `ended` that the declaration is
    cancelled or has lapsed, or that this version is replaced.
    """

    cursor: int
    kind: Literal["asked", "decided", "arrived", "overdue", "inspection", "ended"]
    at: str
    mrn: str
    version: int
    items: list[str]
    view: dict[str, Any]
    assessment: dict[str, Any] | None
    decision: DecisionSummary | None


class FeedPage(Struct, frozen=True):
    """A page of an agency's feed in order; send `next` as `after` to get the following page."""

    entries: list[FeedEntry]
    next: str
