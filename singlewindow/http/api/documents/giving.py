"""Giving supporting documents, and answering when they are asked for."""

from __future__ import annotations

import re

import msgspec

from singlewindow import logs
from singlewindow.access.permissions import Permission as May
from singlewindow.agencies.document_access import Binding
from singlewindow.clearance.documents.answer import answer_documents
from singlewindow.clearance.documents.give import Offer, give_document
from singlewindow.declarations.reading.json_shape import LARGEST, plain, read_shape
from singlewindow.documents.types import LONGEST_NAME, TYPES
from singlewindow.enquiries.documents import show_document
from singlewindow.enquiries.shapes import DocumentShown
from singlewindow.http.api.agency_answers import ANSWER_PROBLEMS
from singlewindow.http.api.declarations import NO_DECLARATION
from singlewindow.http.api.life import REPLAYED
from singlewindow.http.api.shapes import DocumentsAnswer, DocumentsReceipt
from singlewindow.http.negotiation import CONTENT_PROBLEMS
from singlewindow.http.parameters import text_like, whole_number
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.times import iso

SHA256 = re.compile("[0-9a-f]{64}")
MOST_LINES = 999

_answer = msgspec.json.Decoder(DocumentsAnswer)


def put_document(request: Request) -> Response:
    """The party gives a document."""
    query = request.query
    return _received(request, Binding(query["item"] or "", query["line"], query["query"] or ""))


def put_evidence(request: Request) -> Response:
    """An officer gives a document; another agency's address is not found, like one that does not exist."""
    if request.caller.agency != request.path["code"]:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    query = request.query
    about = Binding(query["item"] or "", query["line"], "", query["question"] or "", query["finding"] or "")
    return _received(request, about)


def _received(request: Request, binding: Binding) -> Response:
    sha256 = request.path["sha256"]
    if not SHA256.fullmatch(sha256):
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    offer = Offer(
        caller=request.caller,
        mrn=request.path["mrn"],
        sha256=sha256,
        media=request.media,
        name=request.query["name"] or "",
        binding=binding,
    )
    receipt = give_document(request.service.reception, offer, request.stream)
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    logs.add_subject(mrn=offer.mrn)
    return Response(show_document(receipt.document, request.caller), 200, REPLAYED if receipt.replayed else {})


def post_documents_answer(request: Request) -> Response:
    """The party answers the request for documents; the same answer again gets the same receipt."""
    said = read_shape(request.content, _answer, "answer")
    receipt = answer_documents(request.context, request.caller, request.path["mrn"], said.words, said.documents)
    if receipt is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    logs.add_subject(mrn=receipt.mrn)
    body = DocumentsReceipt(
        mrn=receipt.mrn,
        version=receipt.version,
        words=receipt.answer.words,
        documents=list(receipt.answer.documents),
        received_at=iso(receipt.answer.answered_at) or "",
    )
    return Response(body, 200, REPLAYED if receipt.replayed else {})


NAME = text_like("name", "What the file is called", plain(LONGEST_NAME).removeprefix("^").removesuffix("$(?!\\n)"))
ITEM = text_like("item", "The goods item that it is about (SequenceNumeric)", "[0-9]{1,5}")
LINE = whole_number(
    "line", "The place of the AdditionalDocument that it is, in the item or in the header, from 1", most=MOST_LINES
)
QUERY = text_like("query", "The reference of the notice in which an officer asked for it", "[0-9a-f]{32}")
QUESTION = text_like("question", "The question to your agency that it is about", "[0-9A-Z-]{13,19}")
FINDING = text_like("finding", "The profile of your agency's finding that it is about", "[A-Za-z0-9._-]{1,64}")
BYTES = {"type": "string", "format": "binary"}
GIVING_PROBLEMS = (
    "NOT_FOUND", "EMPTY_BODY", "DOCUMENT_DIFFERS", "DOCUMENT_NOT_ITS_TYPE", "DOCUMENT_INFECTED",
    "DOCUMENT_PLACE_UNKNOWN", "TOO_MANY_DOCUMENTS", *CONTENT_PROBLEMS,
)  # fmt: skip

ROUTES = (
    Route(
        method="PUT", path="/v1/declarations/<mrn>/documents/<sha256>", handler=put_document, permission=May.LODGE,
        discloses=Discloses.RECEIPT, consumes=tuple(TYPES), body=BYTES, streams=True,
        parameters=(ITEM, LINE, QUERY, NAME),
        summary="Give a supporting document; the same about the same again gets the same receipt",
        responses={200: ResponseShape("Kept", DocumentShown)}, problems=GIVING_PROBLEMS,
    ),
    Route(
        method="POST", path="/v1/declarations/<mrn>/documents-answer", handler=post_documents_answer,
        permission=May.LODGE, discloses=Discloses.RECEIPT, consumes=(JSON,), body=DocumentsAnswer, largest=LARGEST,
        summary="Answer the request for documents, with documents that you have given or with words alone",
        responses={200: ResponseShape("Stored; who asked is asked again", DocumentsReceipt)},
        problems=("NOT_FOUND", "NOT_POSSIBLE", "DOCUMENT_MISSING", *ANSWER_PROBLEMS),
    ),
    Route(
        method="PUT", path="/v1/agencies/<code>/declarations/<mrn>/documents/<sha256>", handler=put_evidence,
        permission=May.DOCUMENTS, discloses=Discloses.RECEIPT, consumes=tuple(TYPES), body=BYTES, streams=True,
        parameters=(ITEM, LINE, QUESTION, FINDING, NAME),
        summary="Give a document of your agency's own: a photograph, a laboratory's result; no party ever sees it",
        responses={200: ResponseShape("Kept", DocumentShown)}, problems=GIVING_PROBLEMS,
    ),
)  # fmt: skip
