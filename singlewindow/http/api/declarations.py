"""Reading declarations over HTTP: the list, one declaration's state, its document in either form, its decision."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from singlewindow.access.permissions import Permission as May
from singlewindow.declarations.reading.message import Media
from singlewindow.enquiries import declarations, shapes
from singlewindow.enquiries.shapes import Decision, Undecided
from singlewindow.http import parameters
from singlewindow.http.parameters import LIMIT
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import BOTH_FORMS, JSON, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.life_cycle.machine import FINAL, WORDS

LONGEST_WAIT = 30
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.1
NO_DECLARATION = "There is no such declaration, or this caller may not see it"


def get_declarations(request: Request) -> Response:
    """A page of the reader's declarations."""
    after, limit, lrn = request.query["after"], request.query["limit"], request.query["lrn"]
    page = declarations.list_declarations(request.context.engine, request.caller, after, limit, lrn)
    if page is None:
        raise ProblemError("INVALID_PARAMETER", "The parameter after must be the value of next on an earlier page")
    discloses = {"mrns": [entry.mrn for entry in page.declarations]}
    if page.next is None:
        return Response(page, discloses=discloses)
    following = {"after": page.next, "limit": str(limit)} | ({"lrn": lrn} if lrn is not None else {})
    return Response(page, headers=next_link("/v1/declarations", following), discloses=discloses)


def next_link(path: str, query: dict[str, str]) -> dict[str, str]:
    """The Link header (RFC 8288) of the following page."""
    return {"Link": f'<{path}?{urlencode(query)}>; rel="next"'}


def get_declaration(request: Request) -> Response:
    """The state of one declaration."""
    context = request.context
    status = declarations.read_status(context.engine, context.agencies, request.caller, request.path["mrn"])
    if status is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    return Response(status, discloses={"mrns": [status.mrn]})


def get_document(request: Request) -> Response:
    """The document as received, or in the other form if the caller accepts only that."""
    document = declarations.read_document(request.context.engine, request.caller, request.path["mrn"])
    if document is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    media = document.media if document.media in request.acceptable else request.accepted
    body = document.received if media == document.media else _other_form(request, document.received, document.media)
    return Response(body, media=media, discloses={"mrns": [request.path["mrn"]]})


def _other_form(request: Request, received: bytes, media: str) -> bytes:
    return request.service.lodging.other_form(received, Media.JSON if media == JSON else Media.XML)


def get_decision(request: Request) -> Response:
    """The decision; waits for it if a waiting place is free, else answers with the present state."""
    found = declarations.read_decision(request.context.engine, request.caller, request.path["mrn"])
    if isinstance(found, Undecided) and found.state not in FINAL and request.query["wait"]:
        found = _waited_for(request, found)
    if found is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    discloses = {"mrns": [found.mrn]}
    if isinstance(found, Undecided) and found.state in FINAL:
        return Response(_never_decided(found), discloses=discloses)
    if isinstance(found, Undecided):
        return Response(found, 202, {"Retry-After": "1"}, discloses=discloses)
    return Response(found, discloses=discloses)


def _never_decided(found: Undecided) -> ProblemError:
    return ProblemError("NOT_POSSIBLE", f"{WORDS[found.state]} It was not decided, and will not be", mrn=found.mrn)


def _waited_for(request: Request, found: Undecided) -> Decision | Undecided | None:
    places = request.service.waiters
    if not places.acquire(blocking=False):
        return found
    try:
        return _poll_decision(request, time.monotonic() + request.query["wait"])
    finally:
        places.release()


def _poll_decision(request: Request, end: float) -> Decision | Undecided | None:
    pause = FIRST_PAUSE
    while True:
        time.sleep(max(0.0, min(pause, end - time.monotonic())))
        found = declarations.read_decision(request.context.engine, request.caller, request.path["mrn"])
        if not isinstance(found, Undecided) or found.state in FINAL or time.monotonic() >= end:
            return found
        pause = min(pause * 1.5, LONGEST_PAUSE)


PAGE = parameters.text_like("after", "The value of `next` on the previous page", "[0-9A-Z]{18}")
LRN = parameters.text_like("lrn", "Only declarations with this reference", "[ -~]{1,35}")
WAIT = parameters.whole_number("wait", "Seconds to wait for the decision", most=LONGEST_WAIT)
DOCUMENT_SCHEMA = {"description": "A WCO declaration, with or without its MetaData envelope"}

ROUTES = (
    Route(
        method="GET", path="/v1/declarations", handler=get_declarations, permission=May.READ,
        discloses=Discloses.DECLARATIONS, summary="List declarations, oldest first", parameters=(PAGE, LIMIT, LRN),
        responses={200: ResponseShape("A page", shapes.DeclarationPage)},
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>", handler=get_declaration, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="Show a declaration's state: timeline, agencies asked and their answers",
        responses={200: ResponseShape("The declaration's state", shapes.DeclarationStatus)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/document", handler=get_document, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="Fetch the document as received, or in the other form if Accept asks for it", produces=BOTH_FORMS,
        responses={200: ResponseShape("The document", DOCUMENT_SCHEMA)}, problems=("NOT_FOUND",),
    ),
    Route(
        method="GET", path="/v1/declarations/<mrn>/decision", handler=get_decision, permission=May.READ,
        discloses=Discloses.DECLARATIONS,
        summary="Fetch the decision, with reasons worded for this reader", parameters=(WAIT,),
        responses={
            200: ResponseShape("The decision", shapes.Decision),
            202: ResponseShape("Still open; ask again after Retry-After", shapes.Undecided),
        },
        problems=("NOT_FOUND", "NOT_POSSIBLE"),
    ),
)  # fmt: skip
