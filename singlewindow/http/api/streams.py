"""What the single window tells over HTTP: a trader's notices, an agency's feed, the auditor's proofs and times."""

from __future__ import annotations

from singlewindow.enquiries import audit_trail
from singlewindow.enquiries.feeds import feed
from singlewindow.enquiries.notices import notices
from singlewindow.enquiries.release_times import Study, TooManyCases, release_times
from singlewindow.http.api.declarations import next_link
from singlewindow.http.problems import ProblemError
from singlewindow.http.request import XML, Request, Response
from singlewindow.release_times.report import By

MILLISECOND = 1_000  # in microseconds


def get_notices(request: Request) -> Response:
    """The party's notices after a number: as JSON, or as WCO RES messages in one XML envelope."""
    after, limit = request.query["after"], request.query["limit"]
    page = notices(request.context, request.party, after, limit)
    headers = _following("/v1/notices", str(page.next), limit)
    discloses = {"mrns": sorted({row.mrn for row in page.rows})}
    if request.accepted != XML:
        return Response(page.as_json(), headers=headers, discloses=discloses)
    if not page.rows:  # an envelope holds at least one message, so that no message is no envelope
        return Response(b"", 204, headers, discloses=discloses)
    return Response(page.as_xml(), headers=headers, discloses=discloses)


def _following(path: str, after: str, limit: int) -> dict[str, str]:
    """The headers that name the following page of a stream."""
    return {"X-Next-After": after} | next_link(path, {"after": after, "limit": str(limit)})


def get_feed(request: Request) -> Response:
    """The agency's own feed after a cursor; another agency's is as absent as one that does not exist."""
    code = request.path["code"]
    if request.caller.agency != code or code not in request.context.agencies:
        raise ProblemError("NOT_FOUND", "There is no such feed, or it is not this caller's")
    after, limit = request.query["after"], request.query["limit"]
    page = feed(request.context, code, after, limit)
    discloses = {"mrns": sorted({entry.mrn for entry in page.entries})}
    return Response(page, headers=_following(f"/v1/agencies/{code}/feed", page.next, limit), discloses=discloses)


def get_checkpoints(request: Request) -> Response:
    """The checkpoints after a cursor: what `singlewindow audit verify` takes."""
    after, limit = request.query["after"], request.query["limit"]
    kept, following = audit_trail.checkpoints_after(request.context.engine, after, limit)
    lines = b"".join(checkpoint.line + b"\n" for checkpoint in kept)
    discloses = {"checkpoints": [checkpoint.statement.number for checkpoint in kept]}
    return Response(lines, headers=_following("/v1/audit/checkpoints", str(following), limit), discloses=discloses)


def get_release_times(request: Request) -> Response:
    """How long each step took for the declarations lodged in a range."""
    asked = request.query
    by = By(asked["by"]) if asked["by"] else None
    study = Study(asked["from"], asked["to"], asked["cut_off"], by, asked["mode_milliseconds"] * MILLISECOND)
    try:
        found = release_times(request.context, study)
    except (ValueError, TooManyCases) as error:
        raise ProblemError("INVALID_PARAMETER", str(error)) from error
    query = ("start", "end", "cut_off", "by")
    discloses = {name: found["query"][name] for name in query} | {"fingerprint": found["fingerprint"]}
    return Response(found, discloses=discloses)
