"""The shapes of the answers to a lodgement, and of problems; /openapi.json is made from these classes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from singlewindow.declarations.faults import FaultReport
from singlewindow.declarations.reading.json_shape import ends, plain
from singlewindow.life_cycle.machine import State
from singlewindow.life_cycle.milestones import Milestone

Words = Annotated[str, Meta(pattern=plain(512))]
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


class QueryAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """The party's answer to a query, in one line."""

    words: Words


class QueryReceipt(Struct, frozen=True, kw_only=True):
    """The party's answer as stored; the officer who asked reads it."""

    mrn: str
    query: str
    words: str
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
