"""An agency sends its answer on its own, to a question that it was asked earlier."""

from __future__ import annotations

from adapters.remote_answer import LARGEST_ANSWER, RemoteAnswer
from singlewindow.access.permissions import Permission as May
from singlewindow.clearance.deciding.late_answers import Contradiction, Receipt
from singlewindow.clearance.deciding.respond import respond
from singlewindow.http.api.shapes import AnswerReceipt
from singlewindow.http.negotiation import CONTENT_PROBLEMS
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso

NO_QUESTION = "There is no such question for this caller"


def post_assessment(request: Request) -> Response:
    """Store the agency's answer; another agency's question is not found, like one that does not exist."""
    code = request.path["code"]
    if len(request.content) > LARGEST_ANSWER:
        raise ProblemError("PAYLOAD_TOO_LARGE", f"An answer may have at most {LARGEST_ANSWER} bytes")
    asked = request.caller.agency == code
    receipt = respond(request.context, code, request.path["question"], request.content) if asked else None
    return answer_response(receipt)


def answer_response(receipt: Receipt | Contradiction | None) -> Response:
    """The receipt of an agency's answer; raises the problems NOT_FOUND and VERDICT_CONFLICT."""
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_QUESTION)
    if isinstance(receipt, Contradiction):
        raise ProblemError("VERDICT_CONFLICT", _conflict_in_words(receipt), mrn=receipt.mrn)
    return Response(
        AnswerReceipt(
            mrn=receipt.mrn,
            version=receipt.version,
            agency=receipt.agency,
            received_at=iso(receipt.received_at) or "",
            late=receipt.late,
        )
    )


def _conflict_in_words(conflict: Contradiction) -> str:
    first = f"This agency gave a different answer at {iso(conflict.received_at)}"
    if conflict.late:
        return f"{first}, also late. Neither counts: the question was closed without an answer. This is only noted"
    return f"{first}, which counts. This is only noted"


ANSWER_PROBLEMS = (*CONTENT_PROBLEMS, "EMPTY_BODY", "JSON_MALFORMED", "JSON_DUPLICATE_KEY", "JSON_NUMBER_INVALID",
                   "JSON_TOO_DEEP", "JSON_TOO_MANY_MEMBERS", "INVALID_UNICODE", "SCHEMA_INVALID")  # fmt: skip

ROUTES = (
    Route(
        method="POST",
        path="/v1/agencies/<code>/assessments/<question>",
        handler=post_assessment,
        permission=May.ANSWER,
        discloses=Discloses.RECEIPT,
        consumes=(JSON,),
        body=RemoteAnswer,
        summary="Send your agency's answer to a question; the same answer again gets the same receipt",
        responses={
            200: ResponseShape(
                "Stored; `late` is true if the question had already been closed without it", AnswerReceipt
            )
        },
        problems=("NOT_FOUND", "VERDICT_CONFLICT", *ANSWER_PROBLEMS),
    ),
)
