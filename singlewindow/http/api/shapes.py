"""The shapes of the answers to a lodgement, and of problems; /openapi.json is made from these classes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from singlewindow.decisions.assessment import Control
from singlewindow.declarations.faults import FaultReport
from singlewindow.declarations.reading.json_shape import ends, plain
from singlewindow.inspections.results import Recorded
from singlewindow.life_cycle.machine import State
from singlewindow.life_cycle.milestones import Milestone

Words = Annotated[str, Meta(pattern=plain(512))]
Sha256 = Annotated[str, Meta(pattern=ends("[0-9a-f]{64}"))]
Number = Annotated[str, Meta(pattern=ends("[A-Za-z0-9][A-Za-z0-9 /.-]{0,34}"))]


class Problem(Struct, frozen=True, kw_only=True):
    """An error (RFC 9457): `code` is from a closed list, `trace_id` finds the request in the service's log.

    `error` is OAuth 2.0's word for the problem, in answers to requests for a token.
    With faults, `faults_total` counts all that were found, and `truncated` says that not all of them are shown.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    trace_id: str
    error: str | UnsetType = UNSET
    mrn: str | UnsetType = UNSET
    faults: list[FaultReport] | UnsetType = UNSET
    faults_total: int | UnsetType = UNSET
    truncated: bool | UnsetType = UNSET


class Links(Struct, frozen=True):
    """Where to read more about a declaration."""

    self: str
    decision: str
    document: str


class Lodged(Struct, frozen=True, kw_only=True):
    """The receipt of a declaration that is stored durably, with its warnings.

    `received_at` is when its bytes came, `lodged_at` when it was stored and accepted: the moment of lodgement in law.
    """

    mrn: str
    lrn: str
    version: int
    status: Literal["lodged"]
    received_at: str
    lodged_at: str
    warnings: list[FaultReport]
    links: Links


class Cancellation(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a declaration is to be cancelled, in words."""

    reason: Words


class SeenContainer(Struct, frozen=True, forbid_unknown_fields=True):
    """A container as seen; leave out `seals` if nobody looked at them, give an empty list if there are none."""

    id: Number
    seals: Annotated[list[Number], Meta(max_length=99)] | None = None


class ArrivalReport(Struct, frozen=True, forbid_unknown_fields=True):
    """That the goods have arrived: when, where, and what was seen; leave out what nobody looked at."""

    happened_at: Annotated[datetime, Meta(tz=True)]
    place: Annotated[str, Meta(pattern=plain(70, empty=True))] = ""
    transport: Number | None = None
    containers: Annotated[list[SeenContainer], Meta(max_length=9999)] | None = None


class MilestoneReport(Struct, frozen=True, forbid_unknown_fields=True):
    """A milestone that the reporter knows: what happened, when, where."""

    milestone: Milestone
    happened_at: Annotated[datetime, Meta(tz=True)]
    place: Annotated[str, Meta(pattern=plain(70, empty=True))] = ""


class MilestoneReceipt(Struct, frozen=True, kw_only=True):
    """The milestone as recorded, and the declaration's state after it, which a carrier does not see."""

    mrn: str
    recorded_at: str
    state: State | UnsetType = UNSET


class RequestRuling(Struct, frozen=True, forbid_unknown_fields=True):
    """An officer's answer to a request, with its reason in words for the party."""

    answer: Literal["granted", "refused"]
    words: Words


class RequestAnswer(Struct, frozen=True, kw_only=True):
    """The answer to a request: `waiting` means that an officer must agree; a notice then gives the answer."""

    request: str
    kind: str
    mrn: str
    reference: str
    answer: Literal["granted", "refused", "waiting"]
    words: str
    received_at: str


class QuestionHold(Struct, frozen=True, kw_only=True):
    """Who has a question, by the id of the key, and since when; both are null if nobody has."""

    question: str
    taken_by: str | None
    taken_at: str | None


class QueryToParty(Struct, frozen=True, forbid_unknown_fields=True):
    """What an officer asks the party, in one line; without `answer_by` it may answer until the question's deadline."""

    words: Words
    answer_by: Annotated[datetime, Meta(tz=True)] | None = None


Item = Annotated[str, Meta(pattern=ends("[0-9]{1,5}"))]
Items = Annotated[list[Item], Meta(min_length=1, max_length=9999)]
Digest = Annotated[str, Meta(pattern=ends("[0-9a-f]{64}"))]
PlaceCode = Annotated[str, Meta(pattern=ends("[A-Za-z0-9-]{0,35}"))]


class FoundReport(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is not as declared: its kind, in words, and how much of it (unit: UN/ECE Recommendation 20)."""

    kind: Words
    words: Words
    quantity: Annotated[str, Meta(pattern=ends("([0-9]{1,12}([.][0-9]{1,6})?)?"))] = ""
    unit: Annotated[str, Meta(pattern=ends("[A-Z0-9]{0,3}"))] = ""


class ControlReport(Struct, frozen=True, forbid_unknown_fields=True):
    """How a control went; without `items` it is about all items of this control.

    `found` says what is not as declared, and `result` what becomes of the goods then: refused or impounded. `words` are
    for officers, `trader` for the party. `done_by` is a recognised post or party that did it, with its `evidence`.
    """

    control: Control
    recorded: Recorded
    items: Items | None = None
    result: Literal["released", "refused", "impounded"] | None = None
    found: Annotated[list[FoundReport], Meta(max_length=100)] = []
    words: Annotated[str, Meta(pattern=plain(512, empty=True))] = ""
    trader: Annotated[str, Meta(pattern=plain(512, empty=True))] = ""
    done_by: Annotated[str, Meta(pattern=plain(70, empty=True))] = ""
    evidence: Annotated[list[Digest], Meta(max_length=100)] = []


class ControlReceipt(Struct, frozen=True, kw_only=True):
    """The record as stored, the declaration's state, and what has become of its items so far."""

    inspection: str
    mrn: str
    recorded_at: str
    state: State
    results: dict[str, State]


class SlotMove(Struct, frozen=True, forbid_unknown_fields=True):
    """When the inspection is to begin instead, and why; without `place` it stays where it is."""

    starts_at: Annotated[datetime, Meta(tz=True)]
    reason: Words
    place: PlaceCode = ""


class SlotWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the party asks for another time, and for which, if it says so."""

    reason: Words
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None


class SlotReceipt(Struct, frozen=True, kw_only=True):
    """Where and when the inspection is; `slot_at` is null while nobody has said when."""

    place: str
    slot_at: str | None


class OverrideRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to become of items against the records or before they are complete; without `items`, of all open ones.

    `reason` is for the record, `trader` for the party.
    """

    result: Literal["released", "refused", "impounded"]
    reason: Words
    trader: Words
    items: Items | None = None


class OverrideRuling(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a second person agrees, and why."""

    agreed: bool
    words: Words


class QueryAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The party's answer to a query, in one line."""

    words: Words


class QueryReceipt(Struct, frozen=True, kw_only=True):
    """The party's answer as stored; the officer who asked reads it."""

    mrn: str
    query: str
    words: str
    received_at: str


class DocumentsAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The party's answer when documents are asked for: words in one line, and documents by their SHA-256."""

    words: Words
    documents: Annotated[list[Sha256], Meta(max_length=200)] = []


class DocumentsReceipt(Struct, frozen=True, kw_only=True):
    """The answer as stored; the agencies that asked for documents are asked again with it."""

    mrn: str
    version: int
    words: str
    documents: list[str]
    received_at: str


class ArrivalReceipt(Struct, frozen=True, kw_only=True):
    """The arrival as recorded; a carrier does not see the rest.

    That is the version, the state to which the arrival led, and what was seen and is not as declared.
    """

    mrn: str
    recorded_at: str
    version: int | UnsetType = UNSET
    state: State | UnsetType = UNSET
    differences: list[str] | UnsetType = UNSET


class BatchLine(Struct, frozen=True, kw_only=True):
    """A line of the answer to a batch; the first only gives the number of members, each other is for one member.

    `receipt` is what the declaration, sent alone, would have got with 202, `problem` what it would have got otherwise;
    `replayed` says that the declaration had been stored before.
    """

    members: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    status: int | UnsetType = UNSET
    receipt: Lodged | UnsetType = UNSET
    replayed: Literal[True] | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class Validation(Struct, frozen=True):
    """Whether this caller could lodge the declaration as it is, and what is wrong.

    `faults_total` counts all faults; `truncated` says that `faults` does not show all of them. Only lodging tells
    whether the reference was used before.
    """

    valid: bool
    faults: list[FaultReport]
    faults_total: int
    truncated: bool


class AnswerReceipt(Struct, frozen=True, kw_only=True):
    """The receipt of an agency's answer: when it was stored; `late` answers are kept and change no decision."""

    mrn: str
    version: int
    agency: str
    received_at: str
    late: bool
