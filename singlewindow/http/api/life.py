"""What a party asks and reports about its declaration: cancellation and arrival."""

from __future__ import annotations

import msgspec

from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.life.arrive import arrive
from singlewindow.clearance.life.cancel import cancel
from singlewindow.clearance.life.requests import Answer, Asked, Kind
from singlewindow.clearance.life.requests import Receipt as RequestReceipt
from singlewindow.clearance.lodging.store import Message
from singlewindow.declarations.reading.json_shape import LARGEST, read_shape
from singlewindow.declarations.reading.message import Media
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.api.shapes import ArrivalReceipt, ArrivalReport, Cancellation, RequestAnswer
from singlewindow.http.parameters import version, word
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.life_cycle.arrival import Arrival, SeenContainer
from singlewindow.times import iso, microseconds

_cancellation = msgspec.json.Decoder(Cancellation)
_report = msgspec.json.Decoder(ArrivalReport)
REPLAYED = {"Idempotent-Replayed": "true"}


def post_cancellation(request: Request) -> Response:
    """Cancel, or ask an officer to; the same request again gets the first answer."""
    asked = Asked(
        kind=Kind.CANCELLATION,
        mrn=request.path["mrn"],
        reference=request.headers["Idempotency-Key"] or "",
        reason=read_shape(request.content, _cancellation, "request").reason,
        message=Message(request.content, Media.JSON, request.began, request.trace_id),
        caller=request.caller,
        against=request.headers["If-Match"],
    )
    return _answer_of(cancel(request.context, asked))


def _answer_of(receipt: RequestReceipt | None) -> Response:
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    stored = receipt.request
    if stored.answer == Answer.REFUSED:
        raise ProblemError("NOT_POSSIBLE", stored.words.rstrip("."), mrn=stored.mrn)
    body = RequestAnswer(
        request=str(stored.id),
        kind=stored.kind,
        mrn=stored.mrn,
        reference=stored.reference,
        answer="granted" if stored.answer == Answer.GRANTED else "waiting",
        words=stored.words,
        received_at=iso(stored.received_at) or "",
    )
    status = 200 if stored.answer == Answer.GRANTED else 202
    return Response(body, status, REPLAYED if receipt.replayed else {})


def post_arrival(request: Request) -> Response:
    """Record that the goods have arrived; the same report again gets the first receipt."""
    report = read_shape(request.content, _report, "report")
    containers = report.containers and tuple(
        SeenContainer(id=each.id, seals=None if each.seals is None else tuple(each.seals)) for each in report.containers
    )
    arrival = Arrival(
        happened_at=microseconds(report.happened_at),
        place=report.place,
        transport=report.transport,
        containers=containers or None,
    )
    receipt = arrive(request.context, request.path["mrn"], request.caller, arrival)
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    body = ArrivalReceipt(
        mrn=receipt.mrn,
        version=receipt.version,
        state=receipt.state,
        recorded_at=iso(receipt.recorded_at) or "",
        differences=list(receipt.differences),
    )
    return Response(body, 200, REPLAYED if receipt.replayed else {})


IDEMPOTENCY_KEY = word(
    "Idempotency-Key",
    "Your own reference for this request: sent again with it, it gets the first answer",
    "[ -~]{1,64}",
)
IF_MATCH = version("If-Match", "The number of the version that you have in mind")
LIFE_PROBLEMS = ("NOT_FOUND", "NOT_POSSIBLE", *ANSWER_PROBLEMS)

ROUTES = (
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
        method="POST", path="/v1/declarations/<mrn>/arrival", handler=post_arrival, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=ArrivalReport, largest=LARGEST,
        summary="Report that the goods of a declaration lodged in advance have arrived",
        responses={200: ResponseShape("Recorded", ArrivalReceipt)}, problems=LIFE_PROBLEMS,
    ),
)  # fmt: skip
