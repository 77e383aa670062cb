"""Turns every failure into a problem: errors meant for callers keep their words, others get those of their kind."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from singlewindow.access.quota import COUNTED_SECONDS
from singlewindow.clearance.documents.give import NoPlace
from singlewindow.clearance.inspecting.locked import InspectionEnded
from singlewindow.clearance.inspecting.move_slot import NoRoom
from singlewindow.clearance.inspecting.override_result import NobodyKnown, OverrideAnswered, OverrideWaits, SamePerson
from singlewindow.clearance.life.answer_request import AnsweredDifferently
from singlewindow.clearance.life.requests import NewerVersion, StillOpen
from singlewindow.clearance.lodging.admission import NotAdmitted, Refusal
from singlewindow.clearance.lodging.sandboxed_reader import Busy
from singlewindow.clearance.officers.hold import HeldByAnother, NotHeld, QuestionClosed, ReasonMissing
from singlewindow.clearance.officers.query_party import QueryClosed
from singlewindow.declarations.faults import Refused
from singlewindow.deliveries.receivers import NotCallable
from singlewindow.deliveries.subscriptions import SubscriptionConflict
from singlewindow.documents.store import StoreAway
from singlewindow.enquiries.cursors import NotInStream
from singlewindow.enquiries.declarations import NotVisible
from singlewindow.http.problems import ProblemError, retry_after
from singlewindow.inspections.results import Unfit
from singlewindow.life_cycle.machine import NotPossible
from singlewindow.life_cycle.milestones import Unlikely

RETRY_SECONDS = "2"
STATUS_CODES = {
    404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 406: "NOT_ACCEPTABLE", 408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE", 414: "URI_TOO_LONG", 415: "UNSUPPORTED_MEDIA_TYPE", 431: "HEADERS_TOO_LARGE",
}  # fmt: skip
LACKING = {
    MemoryError: "The service has no memory left",
    Busy: "All places for large messages and batches are taken",
    NoPlace: "All places for documents are taken",
    StoreAway: "The store of documents cannot be used",
    Exception: "The database cannot be reached",
}
DETAILS = {
    "NOT_FOUND": "There is nothing at this address for this caller. /docs lists all calls",
    "METHOD_NOT_ALLOWED": "The header Allow says which methods this address answers",
}

_CODES_OF_COMMANDS: Mapping[type[Exception], str] = {
    NotPossible: "NOT_POSSIBLE", NewerVersion: "VERSION_CONFLICT", StillOpen: "REQUEST_OPEN",
    AnsweredDifferently: "REQUEST_ANSWERED", Unlikely: "MOMENT_UNLIKELY", HeldByAnother: "QUESTION_TAKEN",
    NotHeld: "QUESTION_NOT_TAKEN", ReasonMissing: "REASON_MISSING",
    QuestionClosed: "QUESTION_CLOSED", QueryClosed: "QUERY_CLOSED",
    InspectionEnded: "INSPECTION_ENDED", NoRoom: "SLOT_FULL", Unfit: "RECORD_UNFIT", NobodyKnown: "PERSON_UNKNOWN",
    SamePerson: "SECOND_PERSON_NEEDED", OverrideWaits: "OVERRIDE_WAITS", OverrideAnswered: "OVERRIDE_ANSWERED",
    NotCallable: "RECEIVER_REFUSED", SubscriptionConflict: "SUBSCRIPTION_CONFLICT",
}  # fmt: skip
OF_COMMANDS = tuple(_CODES_OF_COMMANDS)
"""Refusals of commands: in a declaration's life, and about subscriptions."""


def as_problem(error: Exception) -> ProblemError:
    """The problem that answers a failure; details not meant for callers stay in the log, under the trace id."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, Refused | NotAdmitted | NotVisible | NotInStream):
        return _refusal_problem(error)
    if isinstance(error, OF_COMMANDS):
        return ProblemError(_CODES_OF_COMMANDS[type(error)], str(error).rstrip("."))
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if is_outage(error) or isinstance(error, MemoryError | Busy | NoPlace | StoreAway):
        return _outage_problem(error)
    return ProblemError(
        "INTERNAL_ERROR", "The service could not answer the request. Quote the trace_id when you report this"
    )


def _refusal_problem(error: Refused | NotAdmitted | NotVisible | NotInStream) -> ProblemError:
    """Refusals by the service itself, in their own words."""
    match error:
        case Refused():
            return ProblemError(error.code, error.text)
        case NotAdmitted():
            problem = ProblemError(error.code, str(error), found=error.found)
            return problem.with_headers(retry_after(COUNTED_SECONDS)) if error.rule == Refusal.QUOTA else problem
        case NotInStream():
            return ProblemError("CURSOR_CONFLICT", str(error))
    return ProblemError("FORBIDDEN", f"This key may not make this call: {error}")


def _outage_problem(error: Exception) -> ProblemError:
    lacking = next(
        (words for kind, words in LACKING.items() if isinstance(error, kind)), "The database cannot be reached"
    )
    detail = f"{lacking} at the moment. Send the same request again: nothing is ever stored twice"
    return ProblemError("SERVICE_UNAVAILABLE", detail).with_headers({"Retry-After": RETRY_SECONDS})


def is_outage(error: Exception) -> bool:
    """Whether the database could not be reached, or did not answer in time."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | TimeoutError)


def _http_problem(error: HTTPException) -> ProblemError:
    code = STATUS_CODES.get(error.code or 0, "BAD_REQUEST")
    problem = ProblemError(
        code, DETAILS.get(code, "The request cannot be answered as it was sent. /docs describes all calls")
    )
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        problem.with_headers({"Allow": ", ".join(sorted(error.valid_methods))})
    return problem
