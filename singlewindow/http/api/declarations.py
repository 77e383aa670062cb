"""Reading declarations over HTTP: the list, where one stands, its document in either form, its decision."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from singlewindow.declarations.reading.intake import Media
from singlewindow.enquiries import declarations
from singlewindow.enquiries.declarations import Document
from singlewindow.enquiries.shapes import DecisionReading, Undecided
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import JSON, Call, Reply

LONGEST_WAIT = 30
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.1
NO_DECLARATION = "There is no such declaration, or it is not this caller's"


def get_declarations(call: Call) -> Reply:
    """A page of the reader's declarations."""
    after, limit, lrn = call.query["after"], call.query["limit"], call.query["lrn"]
    page = declarations.listing(call.context, call.caller, after, limit, lrn)
    if page is None:
        raise ProblemError("INVALID_PARAMETER", "The parameter after must be the next of an earlier page")
    told = {"mrns": [entry.mrn for entry in page.declarations]}
    if page.next is None:
        return Reply(page, told=told)
    following = {"after": page.next, "limit": str(limit)} | ({"lrn": lrn} if lrn is not None else {})
    return Reply(page, headers=next_link("/v1/declarations", following), told=told)


def next_link(path: str, query: dict[str, str]) -> dict[str, str]:
    """The Link header (RFC 8288) of the following page."""
    return {"Link": f'<{path}?{urlencode(query)}>; rel="next"'}


def get_declaration(call: Call) -> Reply:
    """Where one declaration stands."""
    status = declarations.status(call.context, call.caller, call.path["mrn"])
    if status is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    return Reply(status, told={"mrns": [status.mrn]})


def get_document(call: Call) -> Reply:
    """The document as received, or in the other form where that is what the caller accepts."""
    document = declarations.document(call.context, call.caller, call.path["mrn"])
    if document is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    media = document.media if document.media in call.acceptable else call.accepted
    body = document.received if media == document.media else _other_form(call, document)
    return Reply(body, media=media, told={"mrns": [call.path["mrn"]]})


def _other_form(call: Call, document: Document) -> bytes:
    return call.service.other_form(document.received, Media.JSON if document.media == JSON else Media.XML)


def get_decision(call: Call) -> Reply:
    """The decision: waited for while there are places to wait, else as it is now."""
    found = declarations.decision(call.context, call.caller, call.path["mrn"])
    if isinstance(found, Undecided) and call.query["wait"]:
        found = _waited_for(call, found)
    if found is None:
        raise ProblemError("NOT_FOUND", NO_DECLARATION)
    told = {"mrns": [found.mrn]}
    if isinstance(found, Undecided):
        return Reply(found, 202, {"Retry-After": "1"}, told=told)
    return Reply(found, told=told)


def _waited_for(call: Call, found: Undecided) -> DecisionReading | Undecided | None:
    places = call.service.waiters
    if not places.acquire(blocking=False):
        return found
    try:
        return _polled(call, time.monotonic() + call.query["wait"])
    finally:
        places.release()


def _polled(call: Call, end: float) -> DecisionReading | Undecided | None:
    pause = FIRST_PAUSE
    while True:
        time.sleep(max(0.0, min(pause, end - time.monotonic())))
        found = declarations.decision(call.context, call.caller, call.path["mrn"])
        if not isinstance(found, Undecided) or time.monotonic() >= end:
            return found
        pause = min(pause * 1.5, LONGEST_PAUSE)
