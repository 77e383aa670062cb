"""For auditors and analysts: signed checkpoints of the audit trail, and release times of the whole service."""

from __future__ import annotations

from singlewindow.access.permissions import Permission as May
from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.release_times import Study, TooManyCases, report_release_times
from singlewindow.http import parameters
from singlewindow.http.api.streams.reading import following_headers
from singlewindow.http.parameters import AFTER, LIMIT
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import TEXT, Request, Response
from singlewindow.http.route import Discloses, ResponseShape, Route
from singlewindow.release_times.report import By

DAY = 86_400_000
MILLISECOND = 1_000  # in microseconds


def get_checkpoints(request: Request) -> Response:
    """The checkpoints after a cursor: what `singlewindow audit verify` takes."""
    after, limit = request.query["after"], request.query["limit"]
    kept, following = audit_trail.checkpoints_after(request.context.engine, after, limit)
    lines = b"".join(checkpoint.line + b"\n" for checkpoint in kept)
    discloses = {"checkpoints": [checkpoint.statement.number for checkpoint in kept]}
    return Response(
        lines, headers=following_headers("/v1/audit/checkpoints", str(following), limit), discloses=discloses
    )


def get_release_times(request: Request) -> Response:
    """How long each step took for the declarations lodged in a range."""
    asked = request.query
    by = By(asked["by"]) if asked["by"] else None
    study = Study(asked["from"], asked["to"], asked["cut_off"], by, asked["mode_milliseconds"] * MILLISECOND)
    try:
        found = report_release_times(request.context.engine, study)
    except (ValueError, TooManyCases) as error:
        raise ProblemError("INVALID_PARAMETER", str(error)) from error
    query = ("start", "end", "cut_off", "by")
    discloses = {name: found["query"][name] for name in query} | {"fingerprint": found["fingerprint"]}
    return Response(found, discloses=discloses)


FROM = parameters.moment_or_day("from", "Lodged at this moment or later; default: no limit")
TO = parameters.moment_or_day("to", "Lodged before this moment; default: the cut-off")
CUT_OFF = parameters.moment_or_day("cut_off", "Count only what was recorded up to this moment; default: now")
MODE = parameters.whole_number(
    "mode_milliseconds", "Milliseconds to which durations are rounded for their mode", 1, DAY, default=1_000
)
BY = parameters.one_of("by", "How to break the figures down", By)
REPORT_SCHEMA = {"type": "object", "description": "Query, evidence (span and fingerprint), figures over all, by group"}

ROUTES = (
    Route(
        method="GET", path="/v1/release-times", handler=get_release_times, permission=May.RELEASE_TIMES,
        discloses=Discloses.RELEASE_TIMES, parameters=(FROM, TO, CUT_OFF, BY, MODE),
        summary="Show how long each step took, with the evidence to derive it again",
        responses={200: ResponseShape("The report; durations are in seconds", REPORT_SCHEMA)},
    ),
    Route(
        method="GET", path="/v1/audit/checkpoints", handler=get_checkpoints, permission=May.AUDIT,
        discloses=Discloses.AUDIT_TRAIL,
        parameters=(AFTER, LIMIT), summary="Fetch the signed checkpoints of the audit trail, one a line",
        produces=(TEXT,), problems=("CURSOR_CONFLICT",),
        responses={200: ResponseShape("A page; `X-Next-After` and Link lead to the next one", {"type": "string"})},
    ),
)  # fmt: skip
