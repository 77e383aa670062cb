"""Officers answer the questions to their agency: list, take, give back, ask the party, answer."""

from __future__ import annotations

import msgspec

from adapters.remote_answer import RemoteAnswer
from singlewindow.access.permissions import Permission as May
from singlewindow.agencies.question_names import read_question_name
from singlewindow.clearance.officers.answer_question import answer_question
from singlewindow.clearance.officers.hold import Hold, give_back, take
from singlewindow.clearance.officers.query_party import explain, query_party
from singlewindow.declarations.reading.json_shape import LARGEST, read_shape
from singlewindow.enquiries.shapes import OpenQuestionPage, QueryShown, QuestionContent
from singlewindow.enquiries.worklists.questions import query_shown, read_question, read_questions
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS, NO_QUESTION, answer_response
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.api.life import AFTER, REPLAYED
from singlewindow.http.api.own_agency import own_agency
from singlewindow.http.api.shapes import AnswerReceipt, QueryAnswer, QueryReceipt, QueryToParty, QuestionHold
from singlewindow.http.parameters import LIMIT, text_like
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso, microseconds

_query = msgspec.json.Decoder(QueryToParty)
_query_answer = msgspec.json.Decoder(QueryAnswer)


def get_questions(request: Request) -> Response:
    """The open questions to the officer's agency."""
    page = read_questions(
        request.context.engine, own_agency(request, NO_QUESTION), request.query["after"], request.query["limit"]
    )
    return Response(page, discloses={"mrns": sorted({each.mrn for each in page.questions})})


def get_question(request: Request) -> Response:
    """One open question, with what the agency may see."""
    agency, named = own_agency(request, NO_QUESTION), read_question_name(request.path["question"])
    found = read_question(request.context.engine, agency, named) if named is not None else None
    if found is None:
        raise ProblemError("NOT_FOUND", NO_QUESTION)
    return Response(found, discloses={"mrns": [found.question.mrn]})


def put_officer(request: Request) -> Response:
    """Take a question; who has it already gets the same receipt."""
    own_agency(request, NO_QUESTION)
    reason = request.query["reason"] or ""
    return _hold_response(request, take(request.context, request.caller, request.path["question"], reason))


def delete_officer(request: Request) -> Response:
    """Give a question back."""
    own_agency(request, NO_QUESTION)
    return _hold_response(request, give_back(request.context, request.caller, request.path["question"]))


def post_answer(request: Request) -> Response:
    """Answer a question; the same answer again gets the same receipt."""
    own_agency(request, NO_QUESTION)
    return answer_response(answer_question(request.context, request.caller, request.path["question"], request.content))


def post_query(request: Request) -> Response:
    """Ask the party; what it was asked and has not answered is not asked again."""
    own_agency(request, NO_QUESTION)
    said = read_shape(request.content, _query, "query")
    answer_by = None if said.answer_by is None else microseconds(said.answer_by)
    made = query_party(request.context, request.caller, request.path["question"], said.words, answer_by)
    if made is None:
        raise ProblemError("NOT_FOUND", NO_QUESTION)
    return Response(query_shown(made.query), 200, REPLAYED if made.replayed else {})


def post_query_answer(request: Request) -> Response:
    """The party answers a query; the same answer again gets the same receipt."""
    words = read_shape(request.content, _query_answer, "answer").words
    given = explain(request.context, request.caller, request.path["mrn"], request.path["query"], words)
    if given is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    body = QueryReceipt(
        mrn=given.mrn, query=given.query.reference, words=words, received_at=iso(given.query.answered_at) or ""
    )
    return Response(body, 200, REPLAYED if given.replayed else {})


def _hold_response(request: Request, hold: Hold | None) -> Response:
    if hold is None:
        raise ProblemError("NOT_FOUND", NO_QUESTION)
    body = QuestionHold(question=request.path["question"], taken_by=hold.officer, taken_at=iso(hold.since))
    return Response(body, 200, REPLAYED if hold.replayed else {})


BY_HAND = text_like(
    "reason", "Why you answer by hand: needed for a question that is stuck and that no officer answers as a rule",
    "[^\\x00-\\x1f]{1,512}",
)  # fmt: skip
QUESTION = "/v1/agencies/<code>/questions/<question>"
HELD = ("NOT_FOUND", "QUESTION_TAKEN", "QUESTION_CLOSED")

ROUTES = (
    Route(
        method="GET", path="/v1/agencies/<code>/questions", handler=get_questions, permission=May.QUESTIONS,
        discloses=Discloses.QUESTIONS, parameters=(AFTER, LIMIT),
        summary="List the questions that the agency's officers may answer, the oldest first",
        responses={200: ResponseShape("A page", OpenQuestionPage)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path=QUESTION, handler=get_question, permission=May.QUESTIONS, discloses=Discloses.QUESTIONS,
        summary="Read an open question, with what the law lets the agency see",
        responses={200: ResponseShape("The question", QuestionContent)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="PUT", path=f"{QUESTION}/officer", handler=put_officer, permission=May.QUESTIONS,
        discloses=Discloses.RECEIPT, summary="Take a question, so that no other officer works on it",
        parameters=(BY_HAND,),
        responses={200: ResponseShape("Taken", QuestionHold)}, problems=(*HELD, "REASON_MISSING"),
    ),
    Route(
        method="DELETE", path=f"{QUESTION}/officer", handler=delete_officer, permission=May.QUESTIONS,
        discloses=Discloses.RECEIPT, summary="Give a question back, so that another officer can take it",
        responses={200: ResponseShape("Given back", QuestionHold)}, problems=HELD,
    ),
    Route(
        method="POST", path=f"{QUESTION}/answer", handler=post_answer, permission=May.QUESTIONS,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=RemoteAnswer, largest=LARGEST,
        summary="Answer a question that you have taken; the same answer again gets the same receipt",
        responses={200: ResponseShape(
            "Stored; `late` is true if the question had already been closed without it", AnswerReceipt
        )},
        problems=("NOT_FOUND", "QUESTION_TAKEN", "QUESTION_NOT_TAKEN", "VERDICT_CONFLICT", *ANSWER_PROBLEMS),
    ),
    Route(
        method="POST", path=f"{QUESTION}/queries", handler=post_query, permission=May.QUESTIONS,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=QueryToParty, largest=LARGEST,
        summary="Ask the party about a question that you have taken; it gets a notice with your words",
        responses={200: ResponseShape("Asked", QueryShown)},
        problems=(*HELD, "QUESTION_NOT_TAKEN", "MOMENT_UNLIKELY", *ANSWER_PROBLEMS),
    ),
    Route(
        method="POST", path="/v1/declarations/<mrn>/queries/<query>", handler=post_query_answer, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=(JSON,), body=QueryAnswer, largest=LARGEST,
        summary="Answer what an officer asked in a notice",
        responses={200: ResponseShape("Stored", QueryReceipt)},
        problems=("NOT_FOUND", "QUERY_CLOSED", *ANSWER_PROBLEMS),
    ),
)  # fmt: skip
