"""What a party asks and reports about its declaration: cancellation and arrival."""

from __future__ import annotations

import re
from typing import Protocol, TypeVar

import msgspec

from singlewindow import logs
from singlewindow.access.keys import Role
from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.life.answer_request import Ruling, answer_request
from singlewindow.clearance.life.arrive import Receipt as ArrivalRecorded
from singlewindow.clearance.life.arrive import arrive
from singlewindow.clearance.life.cancel import cancel
from singlewindow.clearance.life.milestones import report_milestone
from singlewindow.clearance.life.requests import Kind, Receipt, RequestMade, RequestOutcome
from singlewindow.clearance.life.shown_request import show_request
from singlewindow.clearance.lodging.lodge import Requested
from singlewindow.clearance.lodging.store import Message
from singlewindow.declarations.amending.requests import RequestKind
from singlewindow.declarations.reading.json_shape import LARGEST, read_shape
from singlewindow.declarations.reading.message import Media
from singlewindow.enquiries.shapes import ChangeShown, OpenRequestPage, RequestContent
from singlewindow.enquiries.worklists.requests import read_open_requests, request_shown
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.api.shapes import (
    ArrivalReceipt,
    ArrivalReport,
    Cancellation,
    MilestoneReceipt,
    MilestoneReport,
    RequestAnswer,
    RequestRuling,
)
from singlewindow.http.negotiation import BODY_PROBLEMS, REFUSALS
from singlewindow.http.parameters import LIMIT, text_like, version, whole_number
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import BOTH_FORMS, JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.http.service import Service
from singlewindow.life_cycle.arrival import Arrival, SeenContainer, presented
from singlewindow.life_cycle.milestones import Report
from singlewindow.times import iso, microseconds

_cancellation = msgspec.json.Decoder(Cancellation)
_milestone = msgspec.json.Decoder(MilestoneReport)
_ruling = msgspec.json.Decoder(RequestRuling)
NUMBER = re.compile("[0-9]{1,19}")
_report = msgspec.json.Decoder(ArrivalReport)


class OfDeclaration(Protocol):
    """Whatever names the declaration it is about."""

    @property
    def mrn(self) -> str:
        """Its MRN."""


Answered = TypeVar("Answered", bound=OfDeclaration)
REPLAYED = {"Idempotent-Replayed": "true"}


def post_cancellation(request: Request) -> Response:
    """Cancel, or ask an officer to; the same request again gets the first answer."""
    asked = RequestMade(
        kind=Kind.CANCELLATION,
        mrn=request.path["mrn"],
        reference=request.headers["Idempotency-Key"] or "",
        reason=read_shape(request.content, _cancellation, "request").reason,
        message=Message(request.content, Media.JSON, request.began, request.trace_id),
        caller=request.caller,
        against=request.headers["If-Match"],
    )
    return _answer_of(cancel(request.context, asked))


def put_declaration(request: Request) -> Response:
    """Replace a declaration by a new version; the same request again gets the first answer."""
    media = Media.JSON if request.media == JSON else Media.XML
    asked = RequestMade(
        kind=Kind.AMENDMENT,
        mrn=request.path["mrn"],
        reference=request.headers["Idempotency-Key"] or "",
        reason=request.query["reason"] or "",
        message=Message(request.content, media, request.began, request.trace_id),
        caller=request.caller,
        against=request.headers["If-Match"],
    )
    return _answer_of(request.service.amender.amend(asked))


def answer_message(service: Service, requested: Requested) -> Response:
    """The answer to a WCO message about an earlier declaration: amendment, cancellation, or goods presented."""
    read, caller = requested.request, requested.caller
    if read.kind is RequestKind.ARRIVAL:
        arrival = presented(read.arrival)
        return _presented_response(read.reference, _existing(arrive(service.context, read.mrn, caller, arrival)))
    kind = Kind.AMENDMENT if read.kind is RequestKind.AMENDMENT else Kind.CANCELLATION
    words = [*read.words, *(each for change in read.changes for each in change.words)]
    asked = RequestMade(kind, read.mrn, read.reference, " ".join(dict.fromkeys(words)), requested.message, caller)
    receipt = service.amender.amend(asked) if kind is Kind.AMENDMENT else cancel(service.context, asked)
    return _response_of(_not_refused(_existing(receipt)))


def _presented_response(reference: str, receipt: ArrivalRecorded) -> Response:
    body = RequestAnswer(
        request="",
        kind="arrival",
        mrn=receipt.mrn,
        reference=reference,
        answer="granted",
        words=" ".join(receipt.differences),
        received_at=iso(receipt.recorded_at) or "",
    )
    return Response(body, 200, REPLAYED if receipt.replayed else {})


def _answer_of(receipt: Receipt | None) -> Response:
    answered = _not_refused(_existing(receipt))
    return _response_of(answered, 200 if answered.answer is RequestOutcome.GRANTED else 202)


def _existing(receipt: Answered | None) -> Answered:
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    logs.add_subject(mrn=receipt.mrn)
    return receipt


def _not_refused(receipt: Receipt) -> Receipt:
    if receipt.answer is RequestOutcome.REFUSED:
        words = receipt.words.rstrip(".")
        if receipt.refused_by_officer:
            words = f"An officer has refused this {receipt.kind} before: {words}. Ask again under a new reference"
        raise ProblemError("NOT_POSSIBLE", words, mrn=receipt.mrn)
    return receipt


def _response_of(receipt: Receipt, status: int = 200) -> Response:
    body = RequestAnswer(
        request=str(receipt.request),
        kind=receipt.kind,
        mrn=receipt.mrn,
        reference=receipt.reference,
        answer=receipt.answer.value,
        words=receipt.words,
        received_at=iso(receipt.received_at) or "",
    )
    return Response(body, status, REPLAYED if receipt.replayed else {})


def get_requests(request: Request) -> Response:
    """The requests that wait for an officer of customs."""
    _need_customs(request)
    page = read_open_requests(request.context.engine, request.query["after"], request.query["limit"])
    return Response(page, discloses={"mrns": [entry.mrn for entry in page.requests]})


def post_ruling(request: Request) -> Response:
    """Grant or refuse a request; the same answer again gets the same receipt."""
    _need_customs(request)
    said = read_shape(request.content, _ruling, "answer")
    ruling = Ruling(said.answer == "granted", said.words)
    name = request.path["request"]
    number = int(name) if NUMBER.fullmatch(name) else 0
    receipt = answer_request(request.service.amender, request.caller, request.path["mrn"], number, ruling)
    if receipt is None:
        raise ProblemError("NOT_FOUND", "There is no such request")
    logs.add_subject(mrn=receipt.mrn)
    return _response_of(receipt)


def get_request(request: Request) -> Response:
    """One request, with what it would change."""
    _need_customs(request)
    name, agency = request.path["request"], request.context.agencies[request.path["code"]]
    number = int(name) if NUMBER.fullmatch(name) else 0
    found = show_request(request.service.amender, agency, request.path["mrn"], number)
    if found is None:
        raise ProblemError("NOT_FOUND", "There is no such request")
    stored = found.request
    changes = [ChangeShown(path=each.path, before=each.before, after=each.after) for each in found.changes]
    body = RequestContent(request=request_shown(stored), answer=stored.answer, words=stored.words, changes=changes,
                          hidden=found.hidden)  # fmt: skip
    return Response(body, discloses={"mrns": [stored.mrn]})


def _need_customs(request: Request) -> None:
    """Requests concern the whole declaration: an officer of customs answers them, of whichever agency they are news."""
    code = request.caller.agency or ""
    agency = request.context.agencies.get(code)
    if code != request.path["code"] or agency is None or not agency.customs:
        raise ProblemError("NOT_FOUND", "There is nothing here for this caller")


def post_arrival(request: Request) -> Response:
    """Record that the goods have arrived; the same report again gets the first receipt."""
    report = read_shape(request.content, _report, "report")
    containers = (
        SeenContainer(id=each.id, seals=None if each.seals is None else tuple(each.seals))
        for each in report.containers or ()
    )
    arrival = Arrival(
        happened_at=microseconds(report.happened_at),
        place=report.place,
        transport=report.transport,
        containers=None if report.containers is None else tuple(containers),
    )
    receipt = _existing(arrive(request.context, request.path["mrn"], request.caller, arrival))
    body = ArrivalReceipt(mrn=receipt.mrn, recorded_at=iso(receipt.recorded_at) or "")
    if request.caller.role is not Role.CARRIER:
        seen = {"version": receipt.version, "state": receipt.state, "differences": list(receipt.differences)}
        body = msgspec.structs.replace(body, **seen)
    return Response(body, 200, REPLAYED if receipt.replayed else {})


def post_milestone(request: Request) -> Response:
    """Record a milestone; the same report again gets the first receipt."""
    said = read_shape(request.content, _milestone, "report")
    report = Report(milestone=said.milestone, happened_at=microseconds(said.happened_at), place=said.place)
    receipt = _existing(report_milestone(request.context, request.path["mrn"], request.caller, report))
    body = MilestoneReceipt(
        mrn=receipt.mrn,
        recorded_at=iso(receipt.recorded_at) or "",
        state=msgspec.UNSET if request.caller.role is Role.CARRIER else receipt.state,
    )
    return Response(body, 200, REPLAYED if receipt.replayed else {})


IDEMPOTENCY_KEY = text_like(
    "Idempotency-Key",
    "Your own reference for this request: sent again with it, it gets the first answer",
    "[ -~]{1,64}",
)
IF_MATCH = version("If-Match", "The number of the version that you have in mind")
REASON = text_like("reason", "Why you amend, in words for the officer who may have to agree", "[^\\x00-\\x1f]{1,512}")
LIFE_PROBLEMS = ("NOT_FOUND", "NOT_POSSIBLE", *ANSWER_PROBLEMS)

AFTER = whole_number("after", "The value of `next` on the previous page")

ROUTES = (
    Route(
        method="PUT", path="/v1/declarations/<mrn>", handler=put_declaration, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=BOTH_FORMS, headers=(IDEMPOTENCY_KEY, IF_MATCH), parameters=(REASON,),
        summary="Amend a declaration by its whole new version; where the state demands it, an officer must agree",
        responses={
            200: ResponseShape("Amended", RequestAnswer), 202: ResponseShape("An officer must agree", RequestAnswer),
        },
        problems=("REQUEST_OPEN", "VERSION_CONFLICT", "NOT_FOUND", "NOT_POSSIBLE", *BODY_PROBLEMS, *REFUSALS),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/requests", handler=get_requests, permission=May.REQUESTS,
        discloses=Discloses.REQUESTS, parameters=(AFTER, LIMIT),
        summary="List the requests that wait for an officer of customs, oldest first",
        responses={200: ResponseShape("A page", OpenRequestPage)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/agencies/<code>/requests/<mrn>/<request>", handler=get_request,
        permission=May.REQUESTS, discloses=Discloses.REQUESTS,
        summary="Read a request that waits, with each element that it would change",
        responses={200: ResponseShape("The request", RequestContent)}, problems=("NOT_FOUND", *REFUSALS),
    ),
    Route(
        method="POST", path="/v1/agencies/<code>/requests/<mrn>/<request>", handler=post_ruling,
        permission=May.REQUESTS, discloses=Discloses.RECEIPT, consumes=(JSON,), body=RequestRuling, largest=LARGEST,
        summary="Grant or refuse a request; the same answer again gets the same receipt",
        responses={200: ResponseShape("Answered", RequestAnswer)}, problems=("REQUEST_ANSWERED", *LIFE_PROBLEMS),
    ),
    Route(
        method="POST", path="/v1/declarations/<mrn>/cancellation", handler=post_cancellation, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=Cancellation, largest=LARGEST,
        headers=(IDEMPOTENCY_KEY, IF_MATCH),
        summary="Cancel a declaration; once an inspection is ordered or the goods are released, an officer must agree",
        responses={
            200: ResponseShape("Cancelled", RequestAnswer), 202: ResponseShape("An officer must agree", RequestAnswer),
        },
        problems=("REQUEST_OPEN", "VERSION_CONFLICT", *LIFE_PROBLEMS),
    ),
    Route(
        method="POST", path="/v1/declarations/<mrn>/arrival", handler=post_arrival, permission=May.REPORT,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=ArrivalReport, largest=LARGEST,
        summary="Report that the goods of a declaration lodged in advance have arrived",
        responses={200: ResponseShape("Recorded", ArrivalReceipt)}, problems=("MOMENT_UNLIKELY", *LIFE_PROBLEMS),
    ),
    Route(
        method="POST", path="/v1/declarations/<mrn>/milestones", handler=post_milestone, permission=May.REPORT,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=MilestoneReport, largest=LARGEST,
        summary="Report a milestone for the release time study: arrival of the means, unloading, duty paid or exit",
        responses={200: ResponseShape("Recorded", MilestoneReceipt)}, problems=("MOMENT_UNLIKELY", *LIFE_PROBLEMS),
    ),
)  # fmt: skip
